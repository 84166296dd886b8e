# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which values of IGV's variables can be right, without a look at AWS. PRIVATE to this collection."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join, quote
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory import values
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.values import Rule, Values, Wrong, wrong_kind

SHAPE = {
    "name": {"type": "str"},
    "prefixes": {"type": "list", "elements": "str"},
    "browsable": {"type": "bool"},
    "kms_key_arn": {"type": "str"},
}
CONFIG_URL = "https://www.example.org/igv/oauth-config.json"
KEY = re.compile("arn:aws:kms:([a-z0-9-]+):[0-9]{12}:key/.+")
# What is wrong with a folder; the first that is found is told.
FOLDER_FAULTS: tuple[tuple[str, str], ...] = (
    (r"(s3:|arn:).*", "that is an address; a folder begins below the bucket"),
    (r"/.*", "no object's name begins with a slash"),
    (r".*[*?$].*", "* ? and $ mean others than themselves in a policy"),
    (r".*[^/]|", "a folder ends in a slash; without one, all that begins so would be meant"),
    (r".*//.*", "it has an empty folder in it"),
)


def buckets(value: list[Any], known: Values) -> Wrong:
    write = "write a list such as [{name: my-bams, prefixes: [project-a/]}]"
    if not value:
        return "there must be one to read from", write
    for entry in value:
        if not isinstance(entry, dict) or not entry.get("name"):
            return f"each must be a mapping with a name, and {quote(entry)} is not", write
        if wrong := _entry(entry, known):
            return f"{entry['name']}: {wrong[0]}", wrong[1]
    names = [entry["name"] for entry in value]
    twice = sorted({name for name in names if names.count(name) > 1})
    return (f"{join(twice)} stands there twice", "write each once, with all its prefixes") if twice else None


def _entry(entry: Mapping[str, Any], known: Values) -> Wrong:
    for key, value in entry.items():
        if key not in SHAPE:
            close = difflib.get_close_matches(str(key), SHAPE, 1) or [join(SHAPE, "or")]
            return f"there is no {key}", f"write {close[0]}"
        if wrong := wrong_kind(value, SHAPE[key]):
            return f"{key}: {wrong[0]}", wrong[1]
    wrong = values.bucket(entry["name"], known)
    return wrong or _folders(entry.get("prefixes")) or _key(entry.get("kms_key_arn"), known)


def _folders(prefixes: list[str] | None) -> Wrong:
    if prefixes == []:
        return "prefixes is empty, so nothing could be read", "take prefixes out to mean the whole bucket"
    for prefix in prefixes or []:
        for pattern, wrong in FOLDER_FAULTS:
            if re.fullmatch(pattern, prefix, re.DOTALL):
                return f"{quote(prefix)} is no folder: {wrong}", "write folders such as project-a/"
    return None


def _key(arn: str | None, known: Values) -> Wrong:
    if arn is None:
        return None
    found = KEY.fullmatch(arn)
    if not found:
        return (
            f"{quote(arn)} is no key's ARN; policies don't know aliases",
            "write arn:aws:kms:<region>:<account>:key/<id>",
        )
    if found[1] != known.get("aws_region", found[1]):
        return f"the key is in {found[1]}, and so would be its bucket", f"use a bucket in {known['aws_region']}"
    return None


def port(value: Any, _known: Values) -> Wrong:
    if 1024 <= int(value) <= 65535:
        return None
    return "people's own programs can't listen there", "write one from 1024 to 65535; IGV's own is 60151"


def hours(value: Any, _known: Values) -> Wrong:
    """Cognito's least is an hour; ten years, its most, would be no sign-in at all."""
    if 1 <= int(value) <= 720:
        return None
    return "a sign-in lasts an hour at least, and should not last longer than a month", "write 1 to 720"


def config_url(value: str, known: Values) -> Wrong:
    if not re.fullmatch(r"https://[a-z0-9.-]+(:[0-9]+)?/[!-~]*", value, re.IGNORECASE):
        return "it must be an address from which everybody can fetch a file", f"write one such as {CONFIG_URL}"
    if "igv_client_secret" in known.invalid:
        return None
    if boolean(known.get("igv_client_secret", True)):
        return (
            "IGV fetches it without a login, and the file holds the app client's secret",
            "set igv_client_secret to false, or take the address out",
        )
    return None


def example(value: str, known: Values) -> Wrong:
    found = re.fullmatch("s3://([^/]+)/(.+)", value)
    if not found:
        return "it must be the address of a file in S3", "write one such as s3://my-bams/project-a/sample.bam"
    given = {entry["name"]: entry.get("prefixes", [""]) for entry in known.get("igv_buckets", [])}
    if given and not any(found[2].startswith(prefix) for prefix in given.get(found[1], [])):
        return "nobody could open it: it is in none of igv_buckets", "write one that is"
    return None


def contact(value: str, _known: Values) -> Wrong:
    if len(value) <= 200 and value.isprintable():
        return None
    return "it goes into a sentence of a page", "write one line, such as an address"


RULES: dict[str, Rule] = {
    **values.RULES,
    "igv_buckets": buckets,
    "igv_user_pool_domain_prefix": values.login_prefix,
    "igv_login_domain": values.host_name,
    "igv_callback_port": port,
    "igv_sign_in_hours": hours,
    "igv_config_url": config_url,
    "igv_example": example,
    "igv_contact": contact,
}
