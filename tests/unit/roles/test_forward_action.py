"""Role load_balancer: a listener's forward action is no change when AWS tells it back."""

from __future__ import annotations

import pathlib

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.amazon.aws.plugins.module_utils.elbv2 import _compare_rule_actions

ROLE = pathlib.Path(__file__).parents[3] / "roles" / "load_balancer"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/lab-https-8443/1"
# What ELB adds to an action that names a group alone (Elastic Load Balancing API Reference, "ForwardActionConfig").
PLAIN = {"TargetGroups": [{"TargetGroupArn": GROUP, "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}}
STICKY = {**PLAIN, "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 3600}}


def action(**given):
    files = [str(ROLE / part / "main.yml") for part in ("defaults", "vars")]
    known = [DataLoader().load_from_file(file, trusted_as_template=True) for file in files]
    variables = {**known[0], **known[1], "__load_balancer_target_group_arn": GROUP, **given}
    return Templar(DataLoader(), variables).template(trust_as_template("{{ __load_balancer_forward_action }}"))


@pytest.mark.parametrize(("given", "config"), [({}, PLAIN), ({"load_balancer_stickiness_seconds": 3600}, STICKY)])
def test_what_aws_tells_back_is_no_change(given, config):
    told = {"Type": "forward", "Order": 2, "TargetGroupArn": GROUP, "ForwardConfig": config}
    assert _compare_rule_actions([told], [action(**given)])


def test_the_one_group_needs_no_stickiness():
    assert action() == {"Type": "forward", "Order": 2, "TargetGroupArn": GROUP}
