# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys that sign cookies: in Parameter Store, and at CloudFront. PRIVATE to this collection."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context, required

Described = dict[str, Any]


def key_groups(context: Context) -> list[Described]:
    return [item["KeyGroup"] for item in context.aws.pages("cloudfront", "list_key_groups", "KeyGroupList.Items")]


def key_group_or_none(context: Context) -> Described | None:
    name = context.names["key_group"]
    return next((group for group in key_groups(context) if group["KeyGroupConfig"]["Name"] == name), None)


def key_group(context: Context) -> Described:
    return required(key_group_or_none(context), "key group", "distribution-keys")


def all_public_keys(context: Context) -> list[Described]:
    return context.aws.pages("cloudfront", "list_public_keys", "PublicKeyList.Items")


def has_label(context: Context, public_key: Described, label: str) -> bool:
    return bool(re.fullmatch(context.names["public_key_pattern"] % re.escape(label), public_key["Name"]))


def own_public_keys(context: Context) -> list[Described]:
    """Label and fingerprint follow the name; the comment ends with the label, so that no other project's key fits."""
    ours = re.compile(
        f"{context.names['public_key_pattern'] % '(.+)'}".removesuffix("$") + r" .*: cookies signed by \1"
    )
    return [key for key in all_public_keys(context) if ours.fullmatch(f"{key['Name']} {key.get('Comment', '')}")]


def trusted_keys(context: Context) -> dict[str, str]:
    """The PEM text of each public key that the key group holds, by its id."""
    trusted = set(key_group(context)["KeyGroupConfig"]["Items"])
    return {key["Id"]: key["EncodedKey"].strip() for key in all_public_keys(context) if key["Id"] in trusted}


def public_key(context: Context, label: str) -> str | None:
    """The public key of a label, as Parameter Store holds it."""
    name = f"{context.inputs['signing_key_path']}/{label}.pub"
    held = context.aws.call_or_none(["ParameterNotFound"], "ssm", "get_parameter", Name=name)
    return held["Parameter"]["Value"].strip() if held else None


def key_pair_id(context: Context) -> str:
    """The id that CloudFront gave to the public key of the first of signing_keys."""
    label = context.inputs["signing_keys"][0]
    wanted = public_key(context, label)
    found = next((key for key, text in trusted_keys(context).items() if text == wanted), None)
    return required(found, f"public key of {label} at CloudFront", "key-group")


def private_key(context: Context) -> str:
    """The one that signs, which only administrators may read."""
    name = f"{context.inputs['signing_key_path']}/{context.inputs['signing_keys'][0]}"
    return context.aws.call("ssm", "get_parameter", Name=name, WithDecryption=True)["Parameter"]["Value"]
