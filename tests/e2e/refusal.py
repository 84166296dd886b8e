"""What is the same for every request that must be refused."""

from __future__ import annotations

import httpx

from sandbox.demo import volumes

OURS = ("CloudFront-", "AWSELBAuthSession")
# What would be the data, or a list of it, or what is set for the viewer and may name it.
LEAKS = (volumes.NIFTI.read_bytes()[:64], b"zarr_format", b"ListBucketResult", b"<Contents>", b"credentials_origins")


def given_cookies(answer: httpx.Response) -> list[str]:
    """The names of cookies that let somebody in, unless the answer takes them away."""
    pairs = [line.partition(";")[0].partition("=") for line in answer.headers.get_list("set-cookie")]
    return [name for name, _other, value in pairs if name.startswith(OURS) and value]


def assert_refused(answer: httpx.Response, *statuses: int) -> None:
    """One of these statuses, no cookie that lets anybody in, and nothing of the data or of the settings."""
    assert answer.status_code in statuses, answer.text[:500]
    assert given_cookies(answer) == []
    assert [leak for leak in LEAKS if leak in answer.content] == []
