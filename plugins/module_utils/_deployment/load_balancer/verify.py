# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancer: its listeners, their rules, its targets, as its API describes them. PRIVATE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import find as instance
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import find as user_pool

Action = Mapping[str, Any]
REDIRECT = {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}


def load_balancer_exists(context: Context) -> Reasons:
    held = find.load_balancer_or_none(context)
    if held is None:
        yield f"there is no load balancer {context.names['load_balancer']}"
    elif held["State"]["Code"] != "active":
        yield f"its state is {held['State']['Code']}"


def listeners(context: Context) -> Reasons:
    held = {one["Port"]: one["Protocol"] for one in find.listeners(context)}
    for port, protocol in {443: "HTTPS", 80: "HTTP"}.items():
        if held.get(port) != protocol:
            yield f"port {port} has {held.get(port) or 'no listener'}, not {protocol}"
    surplus = sorted(held.keys() - {443, 80})
    if surplus:
        yield f"it listens on port {join(surplus)} too"


def ordered(actions: Iterable[Action]) -> list[Action]:
    return sorted(actions, key=lambda action: action.get("Order", 0))


def sign_in(actions: Iterable[Action], wanted: Mapping[str, Any]) -> Reasons:
    """Whether the first action is the sign-in that is wanted, and only then the request is forwarded."""
    held = ordered(actions)
    kinds = [action["Type"] for action in held]
    if kinds != ["authenticate-cognito", "forward"]:
        yield f"it does {join(kinds, 'then')}, not authenticate-cognito then forward"
        return
    config = held[0]["AuthenticateCognitoConfig"]
    for name, value in wanted.items():
        if str(config.get(name)) != str(value):
            yield f"its {name} is {config.get(name)}, not {value}"


def sign_in_wanted(context: Context, unauthenticated: str) -> dict[str, Any]:
    return {
        "UserPoolArn": user_pool.user_pool(context)["Arn"],
        "UserPoolClientId": user_pool.app_client(context)["ClientId"],
        "SessionTimeout": context.inputs["session_timeout"],
        "OnUnauthenticatedRequest": unauthenticated,
    }


def default(context: Context) -> Reasons:
    yield from sign_in(find.listener(context, 443)["DefaultActions"], sign_in_wanted(context, "authenticate"))


def paths(rule: Mapping[str, Any]) -> list[str]:
    """The paths that a rule is for; a rule with any other condition is for none of ours."""
    conditions = rule["Conditions"]
    if [condition["Field"] for condition in conditions] != ["path-pattern"]:
        return []
    condition = conditions[0]
    return list((condition.get("PathPatternConfig") or condition).get("Values", []))


def signs_in(rule: Mapping[str, Any]) -> bool:
    return ordered(rule["Actions"])[0]["Type"] == "authenticate-cognito"


def deny(context: Context) -> Reasons:
    wanted = context.inputs["deny_paths"]
    held = [rule for rule in find.rules(context) if set(paths(rule)) & set(wanted)]
    missing = set(wanted) - {path for rule in held for path in paths(rule)}
    if missing:
        yield f"no rule is for {join(sorted(missing))}"
    for rule in held:
        for wrong in sign_in(rule["Actions"], sign_in_wanted(context, "deny")):
            yield f"the rule for {join(paths(rule))}: {wrong}"


def public_paths(rules: Iterable[Mapping[str, Any]], wanted: Iterable[str], denied: Iterable[str]) -> Reasons:
    """Whether the paths without a sign-in are exactly those; rules that sign in open nothing."""
    opened = [rule for rule in rules if not set(paths(rule)) & set(denied) and not signs_in(rule)]
    held = {path for rule in opened for path in paths(rule)}
    for rule in opened:
        if not paths(rule):
            fields = join(condition["Field"] for condition in rule["Conditions"])
            yield f"the rule with priority {rule['Priority']} lets in without a sign-in, by {fields}"
    if held - set(wanted):
        yield f"{join(sorted(held - set(wanted)))} needs no sign-in"
    if set(wanted) - held:
        yield f"no rule is for {join(sorted(set(wanted) - held))}"


def public(context: Context) -> Reasons:
    yield from public_paths(find.rules(context), context.inputs["public_paths"], context.inputs["deny_paths"])


def certificates_and_policy(context: Context) -> Reasons:
    held = find.listener(context, 443).get("SslPolicy")
    if held != context.inputs["ssl_policy"]:
        yield f"its policy is {held}, not {context.inputs['ssl_policy']}"


def redirects(actions: Iterable[Action]) -> Reasons:
    held = ordered(actions)
    kinds = [action["Type"] for action in held]
    if kinds != ["redirect"]:
        yield f"it does {join(kinds, 'then')}, not redirect"
        return
    config = held[0]["RedirectConfig"]
    for name, value in REDIRECT.items():
        if config.get(name) not in (value, None):
            yield f"it redirects with {name} {config[name]}"


def http(context: Context) -> Reasons:
    listener = find.listener(context, 80)
    yield from redirects(listener["DefaultActions"])
    held = context.aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
    surplus = [rule["Priority"] for rule in held if not rule["IsDefault"]]
    if surplus:
        yield f"it has rules besides, with priority {join(surplus)}"


def attribute_faults(held: Mapping[str, str], wanted: Mapping[str, str]) -> Reasons:
    for name, value in wanted.items():
        if held.get(name) != value:
            yield f"{name} is {held.get(name)}, not {value}"


def attributes(context: Context) -> Reasons:
    arn = find.load_balancer(context)["LoadBalancerArn"]
    told = context.aws.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn)["Attributes"]
    wanted = {"routing.http.drop_invalid_header_fields.enabled": "true"}
    if context.inputs["require_load_balancer_deletion_protection"]:
        wanted["deletion_protection.enabled"] = "true"
    yield from attribute_faults({one["Key"]: one["Value"] for one in told}, wanted)


def health(told: Iterable[Mapping[str, Any]]) -> Reasons:
    held = [one for one in told if one["TargetHealth"]["State"] != "draining"]
    if not held:
        yield "it has no target"
    for one in held:
        if one["TargetHealth"]["State"] != "healthy":
            why = one["TargetHealth"].get("Description") or one["TargetHealth"].get("Reason", "")
            yield f"{one['Target']['Id']} is {one['TargetHealth']['State']}{': ' if why else ''}{why}"


def targets(context: Context) -> Reasons:
    group = find.target_group_or_none(context)
    if group is None:
        yield f"there is no target group {find.target_group_name(context)}"
        return
    arn = group["TargetGroupArn"]
    told = context.aws.call("elbv2", "describe_target_health", TargetGroupArn=arn)["TargetHealthDescriptions"]
    yield from health(told)
    strangers = {one["Target"]["Id"] for one in told} - {instance.instance(context)["InstanceId"]}
    if strangers:
        yield f"{join(sorted(strangers))} gets requests too"


PART = "The load balancer"
CHECKS = (
    Check(
        "load-balancer",
        load_balancer_exists,
        claim="The load balancer {project} is there.",
        how="DescribeLoadBalancers",
        todo="Run site.yml.",
    ),
    Check(
        "listeners",
        listeners,
        claim="It listens on 443 for HTTPS and on 80 for HTTP, and nowhere else.",
        how="DescribeListeners",
        todo="Run site.yml; take away listeners that nobody needs.",
        needs=("load-balancer",),
    ),
    Check(
        "listener-default",
        default,
        claim="Whatever no rule is for asks for the login first.",
        how="DescribeListeners: the default actions of port 443",
        todo="Run site.yml: it puts the default action right. Until then the site may be open.",
        needs=("load-balancer",),
    ),
    Check(
        "listener-session",
        deny,
        claim="{deny_paths} is refused to who is not signed in.",
        how="DescribeRules: the sign-in of the rules for these paths",
        todo="Run site.yml: it puts the rule right. Until then cookies may be handed out to anybody.",
        needs=("load-balancer",),
    ),
    Check(
        "listener-public",
        public,
        claim="Exactly {public_paths} need no sign-in.",
        how="DescribeRules: the paths of all rules that do not sign in",
        todo="Run site.yml: it puts the rules right.",
        needs=("load-balancer",),
    ),
    Check(
        "listener-tls",
        certificates_and_policy,
        claim="The HTTPS listener has the TLS policy {ssl_policy}.",
        how="DescribeListeners",
        todo="Run site.yml.",
        needs=("load-balancer",),
    ),
    Check(
        "listener-http",
        http,
        claim="Port 80 only redirects to HTTPS.",
        how="DescribeListeners and DescribeRules of port 80",
        todo="Run site.yml; until then passwords of a session may travel in clear.",
        needs=("load-balancer",),
    ),
    Check(
        "load-balancer-attributes",
        attributes,
        claim="It drops header fields that are not valid, and is protected against deletion as the inventory says.",
        how="DescribeLoadBalancerAttributes",
        todo="Run site.yml.",
        needs=("load-balancer",),
    ),
    Check(
        "targets",
        targets,
        claim="The instance is its one target, and healthy.",
        how="DescribeTargetHealth",
        todo=(
            "Look at nginx on the instance, in a session of Systems Manager: systemctl status nginx; then run site.yml."
        ),
        needs=("load-balancer",),
        settles=True,
    ),
)
