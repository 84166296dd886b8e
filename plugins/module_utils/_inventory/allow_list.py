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
EMAIL = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@({DOMAIN.pattern})")
EMAIL_MAX_LENGTH = 254
# Bytes of both lists as JSON: a function's environment has 4 KB (Lambda Developer Guide, "Lambda quotas").
MAX_BYTES = 4000
# The username of a native user, where e-mail is the sign-in alias; of a federated user it is <provider>_<id>.
NATIVE_USERNAME = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
EXTERNAL_PROVIDER, ADMIN_CREATE_USER = "PreSignUp_ExternalProvider", "PreSignUp_AdminCreateUser"


def email_domain(email: Any) -> str:
    """The domain of an e-mail address; empty if that is none."""
    fits = isinstance(email, str) and len(email) <= EMAIL_MAX_LENGTH
    found = EMAIL.fullmatch(email) if fits else None
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
        domain = email_domain(email)
        return bool(domain) and (str(email).lower() in self.emails or domain.lower() in self.domains)

    def admits(self, email: Any, required: bool) -> bool:
        """Whether somebody may come in. An empty list means everybody, where one is required nobody."""
        return email in self if self else not required


def size(domains: list[str], emails: list[str]) -> int:
    """In bytes, as the function gets them."""
    return len(json.dumps({"domains": domains, "emails": emails}))


def is_federated(source: str, username: Any, attributes: dict[str, Any]) -> bool:
    """Whether the user is from an external identity provider; in doubt, yes."""
    if source in (EXTERNAL_PROVIDER, ADMIN_CREATE_USER):
        return source == EXTERNAL_PROVIDER
    native = isinstance(username, str) and bool(NATIVE_USERNAME.fullmatch(username))
    external = attributes.get("identities") or attributes.get("cognito:user_status") == "EXTERNAL_PROVIDER"
    return bool(external) or not native


def refusal_reason(attributes: dict[str, Any], federated: bool, allowed: AllowList) -> str:
    """Why a user with these attributes may not sign in; empty if they may. Federated users need a list."""
    if not allowed.admits(attributes.get("email"), required=federated):
        return "This address is not on the list of people who may sign in"
    if federated and attributes.get("email_verified") != "true":
        return "The identity provider has not verified this address"
    return ""
