"""The end of a run that failed: what was said, what it usually means, what to do."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml
from ansible_collections.bioviewers.aws.plugins.filter.first_matching import first_matching
from botocore import exceptions

PLAYBOOKS = pathlib.Path(__file__).parents[3] / "playbooks"
FAILURES = yaml.safe_load((PLAYBOOKS / "vars" / "failures.yml").read_text())["failures"]


@pytest.mark.parametrize(("index", "said"), [(i, said) for i, each in enumerate(FAILURES) for said in each["says"]])
def test_each_message_finds_its_own_meaning_first(index: int, said: str) -> None:
    message = f"An error occurred ({said}) when calling the operation: {said}"
    assert next(i for i, each in enumerate(FAILURES) if re.search(each["pattern"], message)) == index


# Whole messages, as AWS and boto3 say them, and words of what to do.
WHOLE = [
    ("An error occurred (AccessDenied) when calling the CreateDistribution operation: Your account must be verified"
     " before you can add new CloudFront resources. To verify your account, please contact AWS Support"
     " (https://console.aws.amazon.com/support/home) and include this error message.", "Open a case"),
    ("An error occurred (OperationNotPermitted) when calling the CreateLoadBalancer operation: This AWS account"
     " currently does not support creating load balancers. For more information, please contact AWS Support.",
     "Open a case"),
    ("An error occurred (InvalidParameterCombination) when calling the RunInstances operation: The specified instance"
     " type is not eligible for Free Tier. For a list of Free Tier instance types, run 'describe-instance-types' with"
     " the filter 'free-tier-eligible=true'.", "Upgrade the account to the paid plan"),
    ("An error occurred (PendingVerification) when calling the RunInstances operation: Your request for accessing"
     " resources in this region is being validated, and you will not be able to launch additional resources in this"
     " region until the validation is complete.", "run again some hours later"),
    ("An error occurred (OptInRequired) when calling the DescribeVpcs operation: You are not subscribed to this"
     " service. Please go to http://aws.amazon.com to subscribe.", "run again some hours later"),
    ("An error occurred (SubscriptionRequiredException) when calling the ListCertificates operation: The AWS Access"
     " Key Id needs a subscription for the service", "run again some hours later"),
    ("An error occurred (Blocked) when calling the RunInstances operation: This account is currently blocked and not"
     " recognized as a valid account. Please contact aws-verification@amazon.com if you have questions.",
     "Open a case"),
    (str(exceptions.TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed")),
     "aws sso login"),
    (str(exceptions.SSOTokenLoadError(error_msg="Token for https://lab.awsapps.com/start does not exist")),
     "aws sso login"),
    (str(exceptions.UnauthorizedSSOTokenError()), "aws sso login"),
    ("An error occurred (UnauthorizedException) when calling the GetRoleCredentials operation: Session token not found"
     " or invalid", "aws sso login"),
    ("Credentials were refreshed, but the refreshed credentials are still expired.", "aws sso login"),
    (str(exceptions.LoginRefreshRequired()), "with `aws login`"),
    (str(exceptions.LoginTokenLoadError(error_msg="no file")), "with `aws login`"),
    (str(exceptions.LoginInsufficientPermissions()), "with `aws login`"),
    (str(exceptions.RefreshWithMFAUnsupportedError()), "aws configure export-credentials"),
    ("Task failed: Module failed: EOFError", "aws configure export-credentials"),
    ("User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: iam:CreateRole on resource:"
     " arn:aws:iam::1:role/lab with an explicit deny in a service control policy", "iam_permissions_boundary"),
    ("User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: lambda:CreateFunction on resource:"
     " arn:aws:lambda:us-east-1:1:function:lab-sign-in with an explicit deny in a service control policy",
     "functions in a VPC are not supported"),
    ("User: arn:aws:sts::1:assumed-role/x/y is not authorized to perform: ec2:RunInstances because no identity-based"
     " policy allows the ec2:RunInstances action", "Ask whoever administers the account"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "todo"), WHOLE)
def test_a_sentence_counts_before_the_code_that_it_comes_with(message: str, todo: str) -> None:
    assert todo in first_matching(message, FAILURES).get("todo", "")


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure["says"][0])
def test_no_pattern_is_found_in_everything(failure: dict) -> None:
    assert not re.search(failure["pattern"], "web_instance_type is odd ")


def end_of(tmp_path: pathlib.Path, task: dict) -> str:
    """What a play says whose task failed, white space made plain."""
    rescue = [{"ansible.builtin.include_tasks": str(PLAYBOOKS / "tasks" / "explain.yml")}]
    block = {"block": [{"name": "network | Keep it", **task}], "rescue": rescue}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [block]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    command = [pathlib.Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", tmp_path / "play.yml"]
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    return " ".join((done.stdout + done.stderr).replace("\\n", " ").split())


def fail(message: str, **more: object) -> dict:
    return {"ansible.builtin.fail": {"msg": message}, **more}


def test_what_is_known_is_explained(tmp_path: pathlib.Path) -> None:
    end = end_of(tmp_path, fail("An error occurred (VcpuLimitExceeded) when calling RunInstances: ..."))
    assert "Stopped at: network | Keep it It said: An error occurred (VcpuLimitExceeded) when calling" in end
    assert "It usually means: The account may not run more processors" in end
    assert "What to do: Ask for more in Service Quotas" in end
    assert "run the same command again, it goes on from here" in end


def test_of_a_loop_the_failed_items_are_told(tmp_path: pathlib.Path) -> None:
    items = fail("{{ item }}", loop=["good", "CAA_ERROR of one", "bad"], failed_when="item != 'good'")
    end = end_of(tmp_path, items)
    assert "It said: CAA_ERROR of one; bad It usually means: A CAA record" in end


def test_the_status_of_a_killed_process_is_told_and_explained(tmp_path: pathlib.Path) -> None:
    here = {"ansible_python_interpreter": sys.executable}
    end = end_of(tmp_path, {"ansible.builtin.shell": "kill -KILL $$", "vars": here})
    assert "It said: non-zero return code; status -9 It usually means: The instance has too little memory" in end


@pytest.mark.parametrize("message", ["", " "])
def test_a_failure_without_words_is_told_as_one(tmp_path: pathlib.Path, message: str) -> None:
    assert "It said: nothing Nothing is lost" in end_of(tmp_path, fail(message))


def test_what_is_not_known_is_told_as_it_is(tmp_path: pathlib.Path) -> None:
    end = end_of(tmp_path, fail("certificate_domain is odd"))
    assert "It said: certificate_domain is odd Nothing is lost" in end


def test_what_is_secret_stays_so(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "opensesame")  # not in the play itself, of which Ansible shows the lines
    # Of the failure itself ansible-core 2.19 shows the message in spite of no_log; here it is about what follows.
    end = end_of(tmp_path, fail("AccessDenied for {{ lookup('ansible.builtin.env', 'SECRET') }}", no_log=True))
    assert "opensesame" not in end.partition("TASK [Report the failure and its usual cause]")[2]
    assert "It usually means: The credentials lack the IAM permission" in end
