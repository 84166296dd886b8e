"""The environment in which AWS's tools find the sandbox."""

from __future__ import annotations

import botocore.session

from sandbox.process import environment


def models() -> dict:
    """What a new session of botocore knows of Systems Manager."""
    return botocore.session.Session().get_service_data("ssm")


def test_models_are_read_once(monkeypatch):
    # What the fixture of all unit tests has put there shares them already.
    monkeypatch.setattr(botocore.session, "create_loader", botocore.loaders.create_loader)
    assert models() is not models()
    environment.read_models_once("ssm")
    assert models() is models()
