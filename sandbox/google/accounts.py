"""The accounts of the Google stand-in."""

from __future__ import annotations

import dataclasses
from typing import Any

from sandbox import settings


@dataclasses.dataclass(frozen=True)
class Person:
    """An account at Google."""

    sub: str
    name: str
    email: str
    email_verified: bool = True
    # The organization whose account it is; consumers' accounts have none, whatever their address.
    hd: str = ""

    def claims(self) -> dict[str, Any]:
        """The claims of the ID token."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value != "" and name != "sub"}


GRACE = Person("110248495921238986420", "Grace Hopper", f"grace@{settings.DOMAIN}", hd=settings.DOMAIN)
UMA = Person("117400938165402873310", "Uma Unverified", f"uma@{settings.DOMAIN}", email_verified=False)
EVE = Person("103928465501938475629", "Eve Elsewhere", "eve@elsewhere.example", hd="elsewhere.example")
# Addresses that only resemble one of the lab's: of a domain below, and with a letter of another alphabet.
SID = Person("105829374610293847561", "Sid Subdomain", f"grace@evil.{settings.DOMAIN}")
LOU = Person("108374651029384756102", "Lou Lookalike", f"grace@{settings.DOMAIN.replace('a', chr(0x430))}")
PEOPLE = (GRACE, UMA, EVE, SID, LOU)
