# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancer: its listeners, their rules, its targets, as its API describes them. PRIVATE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Check, Sight, Wrong
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import find as facts

Action = Mapping[str, Any]
REDIRECT = {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}


def there(look: Sight) -> Wrong:
    held = facts.find_load_balancer(look)
    if held is None:
        yield f"there is no load balancer {look.known['project']}"
    elif held["State"]["Code"] != "active":
        yield f"its state is {held['State']['Code']}"


def listeners(look: Sight) -> Wrong:
    held = {one["Port"]: one["Protocol"] for one in facts.listeners(look)}
    for port, protocol in {443: "HTTPS", 80: "HTTP"}.items():
        if held.get(port) != protocol:
            yield f"port {port} has {held.get(port) or 'no listener'}, not {protocol}"
    surplus = sorted(held.keys() - {443, 80})
    if surplus:
        yield f"it listens on port {join(surplus)} too"


def ordered(actions: Iterable[Action]) -> list[Action]:
    return sorted(actions, key=lambda action: action.get("Order", 0))


def sign_in(actions: Iterable[Action], wanted: Mapping[str, Any]) -> Wrong:
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


def sign_in_wanted(look: Sight, unauthenticated: str) -> dict[str, Any]:
    return {
        "UserPoolArn": facts.user_pool(look)["Arn"],
        "UserPoolClientId": facts.app_client(look)["ClientId"],
        "SessionTimeout": look.known["session_timeout"],
        "OnUnauthenticatedRequest": unauthenticated,
    }


def default(look: Sight) -> Wrong:
    yield from sign_in(facts.listener(look, 443)["DefaultActions"], sign_in_wanted(look, "authenticate"))


def paths(rule: Mapping[str, Any]) -> list[str]:
    """The paths that a rule is for; a rule with any other condition is for none of ours."""
    conditions = rule["Conditions"]
    if [condition["Field"] for condition in conditions] != ["path-pattern"]:
        return []
    condition = conditions[0]
    return list((condition.get("PathPatternConfig") or condition).get("Values", []))


def signs_in(rule: Mapping[str, Any]) -> bool:
    return ordered(rule["Actions"])[0]["Type"] == "authenticate-cognito"


def deny(look: Sight) -> Wrong:
    wanted = look.known["deny_paths"]
    held = [rule for rule in facts.rules(look) if set(paths(rule)) & set(wanted)]
    missing = set(wanted) - {path for rule in held for path in paths(rule)}
    if missing:
        yield f"no rule is for {join(sorted(missing))}"
    for rule in held:
        for wrong in sign_in(rule["Actions"], sign_in_wanted(look, "deny")):
            yield f"the rule for {join(paths(rule))}: {wrong}"


def public_paths(rules: Iterable[Mapping[str, Any]], wanted: Iterable[str], denied: Iterable[str]) -> Wrong:
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


def public(look: Sight) -> Wrong:
    yield from public_paths(facts.rules(look), look.known["public_paths"], look.known["deny_paths"])


def certificates_and_policy(look: Sight) -> Wrong:
    held = facts.listener(look, 443).get("SslPolicy")
    if held != look.known["ssl_policy"]:
        yield f"its policy is {held}, not {look.known['ssl_policy']}"


def redirects(actions: Iterable[Action]) -> Wrong:
    held = ordered(actions)
    kinds = [action["Type"] for action in held]
    if kinds != ["redirect"]:
        yield f"it does {join(kinds, 'then')}, not redirect"
        return
    config = held[0]["RedirectConfig"]
    for name, value in REDIRECT.items():
        if config.get(name) not in (value, None):
            yield f"it redirects with {name} {config[name]}"


def http(look: Sight) -> Wrong:
    listener = facts.listener(look, 80)
    yield from redirects(listener["DefaultActions"])
    held = look.pages("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
    surplus = [rule["Priority"] for rule in held if not rule["IsDefault"]]
    if surplus:
        yield f"it has rules besides, with priority {join(surplus)}"


def attribute_faults(held: Mapping[str, str], wanted: Mapping[str, str]) -> Wrong:
    for name, value in wanted.items():
        if held.get(name) != value:
            yield f"{name} is {held.get(name)}, not {value}"


def attributes(look: Sight) -> Wrong:
    arn = facts.load_balancer(look)["LoadBalancerArn"]
    told = look.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn)["Attributes"]
    wanted = {"routing.http.drop_invalid_header_fields.enabled": "true"}
    if look.known["protect_load_balancer"]:
        wanted["deletion_protection.enabled"] = "true"
    yield from attribute_faults({one["Key"]: one["Value"] for one in told}, wanted)


def health(told: Iterable[Mapping[str, Any]]) -> Wrong:
    held = [one for one in told if one["TargetHealth"]["State"] != "draining"]
    if not held:
        yield "it has no target"
    for one in held:
        if one["TargetHealth"]["State"] != "healthy":
            why = one["TargetHealth"].get("Description") or one["TargetHealth"].get("Reason", "")
            yield f"{one['Target']['Id']} is {one['TargetHealth']['State']}{': ' if why else ''}{why}"


def targets(look: Sight) -> Wrong:
    group = facts.find_target_group(look)
    if group is None:
        yield f"there is no target group {look.known['project']}-https-{look.known['port']}"
        return
    arn = group["TargetGroupArn"]
    told = look.call("elbv2", "describe_target_health", TargetGroupArn=arn)["TargetHealthDescriptions"]
    yield from health(told)
    strangers = {one["Target"]["Id"] for one in told} - {facts.instance(look)["InstanceId"]}
    if strangers:
        yield f"{join(sorted(strangers))} gets requests too"


CHECKS = (
    Check(
        "load-balancer",
        there,
        "The load balancer {project} is there.",
        "DescribeLoadBalancers",
        "Run site.yml.",
    ),
    Check(
        "listeners",
        listeners,
        "It listens on 443 for HTTPS and on 80 for HTTP, and nowhere else.",
        "DescribeListeners",
        "Run site.yml; take away listeners that nobody needs.",
        ("load-balancer",),
    ),
    Check(
        "listener-default",
        default,
        "Whatever no rule is for asks for the login first.",
        "DescribeListeners: the default actions of port 443",
        "Run site.yml: it puts the default action right. Until then the site may be open.",
        ("load-balancer",),
    ),
    Check(
        "listener-session",
        deny,
        "{deny_paths} is refused to who is not signed in.",
        "DescribeRules: the sign-in of the rules for these paths",
        "Run site.yml: it puts the rule right. Until then cookies may be handed out to anybody.",
        ("load-balancer",),
    ),
    Check(
        "listener-public",
        public,
        "Exactly {public_paths} need no sign-in.",
        "DescribeRules: the paths of all rules that do not sign in",
        "Run site.yml: it puts the rules right.",
        ("load-balancer",),
    ),
    Check(
        "listener-tls",
        certificates_and_policy,
        "The HTTPS listener has the TLS policy {ssl_policy}.",
        "DescribeListeners",
        "Run site.yml.",
        ("load-balancer",),
    ),
    Check(
        "listener-http",
        http,
        "Port 80 only redirects to HTTPS.",
        "DescribeListeners and DescribeRules of port 80",
        "Run site.yml; until then passwords of a session may travel in clear.",
        ("load-balancer",),
    ),
    Check(
        "load-balancer-attributes",
        attributes,
        "It drops header fields that are not valid, and is protected against deletion as the inventory says.",
        "DescribeLoadBalancerAttributes",
        "Run site.yml.",
        ("load-balancer",),
    ),
    Check(
        "targets",
        targets,
        "The instance is its one target, and healthy.",
        "DescribeTargetHealth",
        "Look at nginx on the instance, in a session of Systems Manager: systemctl status nginx; then run site.yml.",
        ("load-balancer",),
        settles=True,
    ),
)
