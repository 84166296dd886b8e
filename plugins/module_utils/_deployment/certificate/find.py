# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificates for the domain. PRIVATE to this collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._services import acm


def certificates(context: Context) -> list[dict[str, Any]]:
    """Those of the account that need the domain's validation record."""
    return _listed(context).certificates


def unknown_regions(context: Context) -> list[str]:
    """Where there may be more of them."""
    return _listed(context).unknown_regions


def own_regions(context: Context) -> tuple[str, str]:
    """Where those of the deployment are."""
    return "us-east-1", context.inputs["region"]


def _listed(context: Context) -> acm.Listed:
    return context.aws.once("certificates", lambda: _ask(context))


def _ask(context: Context) -> acm.Listed:
    clients = [context.aws.client("acm", region) for region in acm.usable_regions(context.aws.client("ec2"))]
    return acm.certificates(clients, context.inputs["domain"], own_regions(context))
