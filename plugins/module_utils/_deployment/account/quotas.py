# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a quota of the account. PRIVATE to this collection."""

from __future__ import annotations

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import (
    AccessDeniedError,
    ClientError,
    error_code,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Note

RAISE = "delete what is no longer used, or ask AWS for more (Service Quotas)"


def limit(context: Context, service: str, quota: str, documented: int, region: str = "") -> tuple[int, str]:
    """The limit and, if it is only the documented one, a word on why."""
    try:
        answer = context.aws.call(
            "service-quotas", "get_service_quota", region=region, ServiceCode=service, QuotaCode=quota
        )
    except AccessDeniedError as denied:
        return documented, f"the default; to read yours, the IAM permission {denied} is missing"
    except ClientError as error:
        return documented, f"the default; yours can't be read: {error_code(error)}"
    return int(answer["Quota"]["Value"]), ""


def judge(context: Context, option: str, what: str, counts: tuple[int, int], known_limit: tuple[int, str]) -> Findings:
    """A fault only where the limit is known to be this account's."""
    (used, wanted), (most, doubt) = counts, known_limit
    text = f"{used} of {most} {what} are used"
    if used + wanted > most and not doubt:
        yield context.problem(option, f"{text}, and {wanted} more {'is' if wanted == 1 else 'are'} needed", RAISE)
    else:
        yield Note(f"Quota: {text}{f' ({doubt})' if doubt else ''}, {wanted} more needed.")
