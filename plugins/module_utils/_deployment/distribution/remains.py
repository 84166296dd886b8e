# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of the distribution. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource


def distribution(context: Context) -> Iterator[Resource]:
    for one in find.own_distributions(context):
        yield Resource("distribution", f"{one['Id']} ({join(find.aliases(one['DistributionConfig']) or ['no alias'])})")


def policies(context: Context) -> Iterator[Resource]:
    """What the distribution used, and only itself could."""
    listed = context.aws.pages("cloudfront", "list_response_headers_policies", "ResponseHeadersPolicyList.Items")
    for name in [item["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]["Name"] for item in listed]:
        if name == context.names["response_headers_policy"]:
            yield Resource("response headers policy", name)
    controls = context.aws.pages("cloudfront", "list_origin_access_controls", "OriginAccessControlList.Items")
    for name in [item["Name"] for item in controls]:
        if name == context.names["origin_access_control"]:
            yield Resource("origin access control", name)


REMAINS = (
    ("private_cdn", distribution),
    ("private_cdn", policies),
)
