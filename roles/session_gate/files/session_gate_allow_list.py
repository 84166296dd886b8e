# Copied from plugins/module_utils/_inventory/allow_list.py by docs/generate.py: change it there.
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may sign in: what an e-mail address looks like, who is on the list, what an empty list means. PRIVATE.

It is asked in three places and stands alone, because two of them are not on the controller: docs/generate.py copies it
to the roles identity (for the function that the user pool calls) and session_gate (for the gate on the host). Runs on
Python 3.10 (Ubuntu 22.04) and later.
"""

from __future__ import annotations

import json
import re
from typing import Any

# ASCII only, so no look-alikes from other alphabets; and no second domain behind a quoted name.
DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@({DOMAIN.pattern})")
ADDRESS_LIMIT = 254
# Bytes of both lists as JSON: a function's environment has 4 KB (Lambda Developer Guide, "Lambda quotas").
SIZE_LIMIT = 4000
# Cognito's name for a user of its own, where people sign in with their address; those of others are <provider>_<id>.
NATIVE_NAME = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FIRST_TIME, BY_ADMINISTRATOR = "PreSignUp_ExternalProvider", "PreSignUp_AdminCreateUser"


def address_domain(address: Any) -> str:
    """The domain of an e-mail address; empty if that is none."""
    fits = isinstance(address, str) and len(address) <= ADDRESS_LIMIT
    found = ADDRESS.fullmatch(address) if fits else None
    return found[1] if found else ""


class AllowList:
    """The people on the list, by their addresses and by the domains of these."""

    def __init__(self, domains: list[str], emails: list[str]) -> None:
        self.domains = {domain.lower() for domain in domains}
        self.emails = {email.lower() for email in emails}

    @classmethod
    def from_json(cls, text: str) -> AllowList:
        given = json.loads(text)
        return cls(given["domains"], given["emails"])

    def __bool__(self) -> bool:
        return bool(self.domains or self.emails)

    def __contains__(self, email: object) -> bool:
        domain = address_domain(email)
        return bool(domain) and (str(email).lower() in self.emails or domain.lower() in self.domains)

    def admits(self, email: Any, required: bool) -> bool:
        """Whether somebody may come in. An empty list means everybody, where one is required nobody."""
        return email in self if self else not required


def size(domains: list[str], emails: list[str]) -> int:
    """In bytes, as the function gets them."""
    return len(json.dumps({"domains": domains, "emails": emails}))


def is_federated(source: str, username: Any, attributes: dict[str, Any]) -> bool:
    """Whether somebody else than the user pool knows this person; in doubt, yes."""
    if source in (FIRST_TIME, BY_ADMINISTRATOR):
        return source == FIRST_TIME
    native = isinstance(username, str) and bool(NATIVE_NAME.fullmatch(username))
    external = attributes.get("identities") or attributes.get("cognito:user_status") == "EXTERNAL_PROVIDER"
    return bool(external) or not native


def refusal(attributes: dict[str, Any], federated: bool, allowed: AllowList) -> str:
    """Why a user of the user pool with these attributes may not sign in; empty if they may.

    Of those whom somebody else knows, nobody is meant by an empty list.
    """
    if not allowed.admits(attributes.get("email"), required=federated):
        return "This address is not on the list of people who may sign in"
    if federated and attributes.get("email_verified") != "true":
        return "The identity provider has not verified this address"
    return ""
