"""The environment variables that point AWS SDKs and tools to the sandbox."""

from __future__ import annotations

import functools
import os

import botocore.loaders
import botocore.session

from sandbox import settings

VARIABLES = {
    "AWS_ENDPOINT_URL": settings.ENDPOINT,
    "AWS_ACCESS_KEY_ID": settings.ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": settings.SECRET_KEY,
    "AWS_REGION": settings.REGION,
    "AWS_DEFAULT_REGION": settings.REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    # No profile of the user's may speak for a real account.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "SSL_CERT_FILE": str(settings.CA_BUNDLE),
    "REQUESTS_CA_BUNDLE": str(settings.CA_BUNDLE),
}
# amazon.aws reads an endpoint from here too, and prefers it.
REMOVED_PREFIXES = ("AWS_", "EC2_", "BOTO_")
# In place of botocore.session.create_loader: all sessions share AWS's models, which each would read for itself.
shared_loader = functools.cache(botocore.loaders.create_loader)


def enter() -> None:
    """Make this process, and what it starts, see the sandbox as AWS."""
    for name in list(os.environ):
        if name.startswith(REMOVED_PREFIXES):
            del os.environ[name]
    os.environ.update(VARIABLES)


def read_models_once(*services: str) -> None:
    """Read AWS's models of services; all clients made from here on, in this process or in a fork of it, share them."""
    botocore.session.create_loader = shared_loader
    for service in services:
        settings.client(service)
