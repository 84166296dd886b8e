"""Which refusals of a role or an instance profile that was just made are tried again, and which end the run."""

from __future__ import annotations

import pathlib

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLES = pathlib.Path(__file__).parents[3] / "roles"


def load(role: str, file: str):
    return DataLoader().load_from_file(str(ROLES / role / file), trusted_as_template=True)


def is_final(role: str, file: str, message: str) -> bool:
    """What the task's `until` makes of a failure with this message."""
    (task,) = [each for each in load(role, f"tasks/{file}") if "until" in each]
    registered = {task["register"]: {"failed": True, "msg": message}}
    templar = Templar(DataLoader(), {**load(role, "vars/main.yml"), **registered})
    return templar.template(trust_as_template("{{ " + task["until"] + " }}"))


def refused(operation: str, code: str, message: str) -> str:
    return f"Failed: An error occurred ({code}) when calling the {operation} operation: {message}"


SET_ROLES = ("identity_pool", "main.yml", "SetIdentityPoolRoles")
LAUNCH = ("web_instance", "launch.yml", "RunInstances")


@pytest.mark.parametrize(
    ("where", "code", "message", "final"),
    [
        # https://github.com/boto/boto3/issues/73
        (SET_ROLES, "NotAuthorizedException", "Access to Role 'arn:aws:iam::1:role/lab' is forbidden.", False),
        (SET_ROLES, "InvalidParameterException", "Invalid role ARN.", False),
        (SET_ROLES, "AccessDeniedException", "User is not authorized to perform: iam:PassRole", True),
        (SET_ROLES, "NotAuthorizedException", "User is not authorized.", True),
        (LAUNCH, "InvalidParameterValue", "Value (lab) for parameter iamInstanceProfile.name is invalid. Invalid IAM"
                                          " Instance Profile name", False),
        (LAUNCH, "UnauthorizedOperation", "You are not authorized to perform this operation.", True),
    ],
)  # fmt: skip
def test_what_is_tried_again(where, code, message, final):
    role, file, operation = where
    assert is_final(role, file, refused(operation, code, message)) is final
