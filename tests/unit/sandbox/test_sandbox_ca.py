"""The throw-away authority: it signs what is asked, and is believed only below .localhost."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509 import verification

from sandbox import settings
from sandbox.process import ca


@pytest.fixture
def authority(tmp_path, monkeypatch):
    for name in ("CA_FILE", "CA_KEY_FILE", "CA_BUNDLE", "CERTIFICATES"):
        monkeypatch.setattr(settings, name, tmp_path / name)
    monkeypatch.setattr(settings, "SYSTEM_CA_BUNDLE", tmp_path / "system")
    settings.SYSTEM_CA_BUNDLE.write_text("the system's\n")
    ca.create()
    return x509.load_pem_x509_certificate(settings.CA_FILE.read_bytes())


def verify(authority: x509.Certificate, names: list[str], host: str) -> None:
    leaf = x509.load_pem_x509_certificates(ca.issue(names)[0].read_bytes())[0]
    store = verification.Store([authority])
    verification.PolicyBuilder().store(store).build_server_verifier(x509.DNSName(host)).verify(leaf, [])


def test_exactly_the_names_asked_for(authority):
    names = ["*.lab.localhost", "lab.localhost"]
    verify(authority, names, "data.lab.localhost")
    with pytest.raises(verification.VerificationError):
        verify(authority, names, "a.data.lab.localhost")


def test_other_names_are_not_its_own(authority):
    with pytest.raises(verification.VerificationError):
        verify(authority, ["example.org"], "example.org")


def test_one_certificate_for_one_set_of_names(authority):
    assert ca.issue(["a.localhost", "b.localhost"]) == ca.issue(["b.localhost", "a.localhost", "a.localhost"])
    assert ca.issue(["a.localhost"]) != ca.issue(["b.localhost"])


def test_keys_are_private(authority):
    assert [path.stat().st_mode & 0o777 for path in (settings.CA_KEY_FILE, ca.issue(["a.localhost"])[1])] == [0o600] * 2


def test_bundle_holds_both(authority):
    assert settings.CA_BUNDLE.read_text() == "the system's\n" + settings.CA_FILE.read_text()


def test_an_authority_near_its_end_is_not_valid(authority, monkeypatch):
    assert ca.is_valid()
    later = ca._now() + ca.LIFE
    monkeypatch.setattr(ca, "_now", lambda: later)
    assert not ca.is_valid()
