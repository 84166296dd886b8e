# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of everything that a deployment makes. PRIVATE to this collection.

The playbooks get the same by the filter `resource_names`. Two deployments can live in one account, so every name begins
with the project's.
"""

from __future__ import annotations


def names(project: str, account_id: str = "", region: str = "") -> dict[str, str]:
    """All names of a deployment; the bucket has none without account and region, as it is unique in all of AWS."""
    sign_in = f"{project}-sign-in"
    return {
        "load_balancer": project,
        "load_balancer_security_group": f"{project}-load-balancer",
        "target_group_prefix": f"{project}-https-",  # and the port
        "instance": project,
        "instance_role": project,
        "instance_profile": project,
        "instance_security_group": f"{project}-instance",
        "failure_topic": f"{project}-failures",
        "user_pool": project,
        "app_client": project,
        "sign_in_function": sign_in,
        "sign_in_role": sign_in,
        "sign_in_log_group": f"/aws/lambda/{sign_in}",
        "distribution": project,
        "origin_access_control": project,
        "response_headers_policy": project,
        "key_group": project,
        # A regular expression, %s for the label of the key; a fingerprint ends it, as no public key can be changed.
        "public_key_pattern": f"{project}-%s-[0-9a-f]{{12}}$",
        "signing_key_path": f"/{project}/cookie-signing-keys",
        "bucket_statement_prefix": f"{project}-",  # and the action
        "igv": f"{project}-igv",  # the deployment of IGV's backend, with names of its own
        "identity_pool": project,
        "reader_role": f"{project}-reader",
        **({"staging_bucket": f"{project}-ssm-{account_id}-{region}"} if account_id and region else {}),
    }
