# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which resources a build consists of. PRIVATE to this collection.

Each has a folder with its `preflight` (CHECKS), `verify` (PART and CHECKS) and `remains` (REMAINS), as far as it needs
them. A module's code is packed by what it imports, so all of them are imported here by name.
"""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

from .account import preflight as account_preflight
from .bucket import preflight as bucket_preflight
from .bucket import remains as bucket_remains
from .bucket import verify as bucket_verify
from .certificate import preflight as certificate_preflight
from .certificate import remains as certificate_remains
from .certificate import verify as certificate_verify
from .distribution import preflight as distribution_preflight
from .distribution import preflight_bucket as distribution_preflight_bucket
from .distribution import remains as distribution_remains
from .distribution import verify as distribution_verify
from .distribution import verify_data as distribution_verify_data
from .dns import preflight as dns_preflight
from .dns import preflight_records as dns_preflight_records
from .dns import preflight_zone as dns_preflight_zone
from .dns import remains as dns_remains
from .dns import verify as dns_verify
from .identity_pool import preflight as identity_pool_preflight
from .identity_pool import remains as identity_pool_remains
from .identity_pool import verify as identity_pool_verify
from .identity_pool import verify_policy as identity_pool_verify_policy
from .igv_client import preflight as igv_client_preflight
from .igv_client import remains as igv_client_remains
from .igv_client import verify as igv_client_verify
from .igv_client import verify_login as igv_client_verify_login
from .instance import preflight as instance_preflight
from .instance import preflight_session as instance_preflight_session
from .instance import remains as instance_remains
from .instance import verify as instance_verify
from .load_balancer import preflight as load_balancer_preflight
from .load_balancer import remains as load_balancer_remains
from .load_balancer import verify as load_balancer_verify
from .load_balancer import verify_site as load_balancer_verify_site
from .network import preflight as network_preflight
from .network import remains as network_remains
from .network import verify as network_verify
from .notifications import remains as notifications_remains
from .notifications import verify as notifications_verify
from .signing_keys import preflight as signing_keys_preflight
from .signing_keys import remains as signing_keys_remains
from .signing_keys import verify as signing_keys_verify
from .user_pool import preflight as user_pool_preflight
from .user_pool import remains as user_pool_remains
from .user_pool import verify as user_pool_verify
from .user_pool import verify_login as user_pool_verify_login


class Build(NamedTuple):
    preflight: tuple[ModuleType, ...]  # a check comes after those that provide what it needs
    verify: tuple[ModuleType, ...]  # from outside to inside; a check comes after those that it needs
    remains: tuple[ModuleType, ...]  # in the order of a teardown


BUILDS = {
    "viewer": Build(
        preflight=(
            account_preflight,
            dns_preflight_zone,
            dns_preflight,
            certificate_preflight,
            bucket_preflight,
            network_preflight,
            instance_preflight,
            instance_preflight_session,
            load_balancer_preflight,
            distribution_preflight,
            distribution_preflight_bucket,
            dns_preflight_records,
            signing_keys_preflight,
            user_pool_preflight,
        ),
        verify=(
            dns_verify,
            load_balancer_verify_site,
            user_pool_verify_login,
            distribution_verify_data,
            bucket_verify,
            load_balancer_verify,
            distribution_verify,
            signing_keys_verify,
            certificate_verify,
            instance_verify,
            network_verify,
            notifications_verify,
            user_pool_verify,
        ),
        remains=(
            bucket_remains,
            dns_remains,
            load_balancer_remains,
            instance_remains,
            notifications_remains,
            network_remains,
            user_pool_remains,
            distribution_remains,
            signing_keys_remains,
            certificate_remains,
        ),
    ),
    "igv": Build(
        preflight=(account_preflight, igv_client_preflight, identity_pool_preflight),
        verify=(igv_client_verify, identity_pool_verify, identity_pool_verify_policy, igv_client_verify_login),
        remains=(identity_pool_remains, igv_client_remains, user_pool_remains),
    ),
}
