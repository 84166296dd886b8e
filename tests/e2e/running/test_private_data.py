"""Plain clients at the data domain: who is refused, and how. The cookies are made by AWS's own signer, not by us."""

from __future__ import annotations

import json
import time

import httpx
import pytest

from sandbox import settings
from sandbox.demo import viewer, volumes
from tests import oracle
from tests.e2e.signing import a_foreign_key, policy

OBJECT = f"{viewer.DATA}/{volumes.NIFTI_KEY}"


def get(http: httpx.Client, url: str, cookies: dict[str, str], **headers: str) -> httpx.Response:
    pairs = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return http.get(url, headers={**({"Cookie": pairs} if pairs else {}), **headers})


def plain_base64(cookies: dict[str, str]) -> dict[str, str]:
    """The alphabet of the manual's script: standard base64, not CloudFront's."""
    back = str.maketrans("-_~", "+=/")
    return {name: value if name.endswith("Id") else value.translate(back) for name, value in cookies.items()}


def test_a_good_cookie_reads_the_object(http, signing_key, key_pair_id):
    answer = get(http, OBJECT, oracle.sign(policy(), signing_key, key_pair_id), Origin=viewer.SITE)
    assert answer.status_code == 200
    assert answer.content == volumes.NIFTI.read_bytes()
    assert answer.headers["access-control-allow-origin"] == viewer.SITE
    assert answer.headers["access-control-allow-credentials"] == "true"
    exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"content-range", "content-length", "content-encoding"} <= exposed


def test_a_range_of_it(http, signing_key, key_pair_id):
    cookies = oracle.sign(policy(), signing_key, key_pair_id)
    answer = get(http, OBJECT, cookies, Range="bytes=10-19")
    assert (answer.status_code, answer.content) == (206, volumes.NIFTI.read_bytes()[10:20])


def test_a_foreign_origin_gets_no_cors_headers(http, signing_key, key_pair_id):
    cookies = oracle.sign(policy(), signing_key, key_pair_id)
    answer = get(http, OBJECT, cookies, Origin="https://elsewhere.example")
    assert "access-control-allow-origin" not in answer.headers


REFUSED = {
    "no cookie": lambda key, key_id: {},
    "expired": lambda key, key_id: oracle.sign(policy(life=-5), key, key_id),
    "for another host": lambda key, key_id: oracle.sign(policy("https://other.lab.localhost/*"), key, key_id),
    "signed by another key": lambda key, key_id: oracle.sign(policy(), a_foreign_key(), key_id),
    "of an unknown key id": lambda key, key_id: oracle.sign(policy(), key, "K2UNKNOWN00000"),
    "in the plain base64 alphabet": lambda key, key_id: plain_base64(oracle.sign(policy(), key, key_id)),
    "policy exchanged": lambda key, key_id: {
        **oracle.sign(policy(), key, key_id),
        "CloudFront-Policy": oracle.sign(policy(life=99999), key, key_id)["CloudFront-Policy"],
    },
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", REFUSED)
def test_refused(http, signing_key, key_pair_id, case):
    answer = get(http, OBJECT, REFUSED[case](signing_key, key_pair_id))
    assert answer.status_code == 403
    assert "<Error>" in answer.text


@pytest.mark.hostile
@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "POST", "DELETE"])
def test_only_reading_methods(http, signing_key, key_pair_id, method):
    pairs = oracle.sign(policy(), signing_key, key_pair_id)
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in pairs.items())}
    assert http.request(method, OBJECT, headers=headers).status_code == 403


@pytest.mark.hostile
def test_the_root_is_no_listing(http, signing_key, key_pair_id):
    answer = get(http, f"{viewer.DATA}/?list-type=2", oracle.sign(policy(), signing_key, key_pair_id))
    assert answer.status_code == 404
    assert "ListBucketResult" not in answer.text


def test_plain_http_is_redirected(http):
    answer = http.get(OBJECT.replace("https:", "http:"))
    assert (answer.status_code, answer.headers["location"]) == (301, OBJECT)


def test_a_missing_key_is_404_and_403_without_the_right_to_list(http, signing_key, key_pair_id):
    cookies = oracle.sign(policy(), signing_key, key_pair_id)
    missing = f"{viewer.DATA}/mri/not-there"
    assert get(http, missing, cookies).status_code == 404
    s3 = settings.client("s3")
    kept = s3.get_bucket_policy(Bucket=settings.DATA_BUCKET)["Policy"]
    document = json.loads(kept)
    document["Statement"] = [entry for entry in document["Statement"] if "s3:ListBucket" not in entry["Action"]]
    s3.put_bucket_policy(Bucket=settings.DATA_BUCKET, Policy=json.dumps(document))
    try:
        time.sleep(settings.EDGE_CACHE_SECONDS + 0.5)
        assert get(http, missing, cookies).status_code == 403
        assert get(http, OBJECT, cookies).status_code == 200
    finally:
        s3.put_bucket_policy(Bucket=settings.DATA_BUCKET, Policy=kept)


@pytest.mark.hostile
def test_the_bucket_itself_refuses_strangers(deployment):
    url = f"{settings.ENDPOINT}/{settings.DATA_BUCKET}/{volumes.NIFTI_KEY}"
    assert httpx.get(url, trust_env=False).status_code == 403
