"""Molecule: tests of a role run on the host of its own scenario, and on one of those where all roles are together."""

from __future__ import annotations

import os
from typing import Any

from tests.unit.roles.oidc_tokens import Signer, public_pem

TOGETHER = os.environ.get("MOLECULE_SCENARIO_NAME") == "host"
# Debian 13, as their own scenarios have 12.
HOST_OF_ALL = "molecule-host-13"
COOKIES = "/etc/nginx/bioviewers/cookies.conf" if TOGETHER else "/etc/nginx/session/cookies.conf"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example"
SIGNER = Signer()


def host_of(role: str) -> str:
    """The name of the host on which a role is tested."""
    return HOST_OF_ALL if TOGETHER else f"molecule-{role}"


def serve_key(host: Any, signer: Signer = SIGNER) -> None:
    """Have the public half where the gate looks for a load balancer's keys."""
    host.check_output(f"cat > /srv/keys/{signer.kid} <<'END'\n{public_pem(signer.key).decode()}END")


def signed_in(signer: Signer = SIGNER, **claims: Any) -> str:
    """What curl has to send for somebody who has signed in."""
    held = {"iss": ISSUER}
    token = signer.token(header=held, claims={**held, **claims})
    identity = signer.claims()["sub"]
    return f"--header 'x-amzn-oidc-data: {token}' --header 'x-amzn-oidc-identity: {identity}'"
