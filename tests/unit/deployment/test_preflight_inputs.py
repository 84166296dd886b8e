"""What a value of the inventory must look like."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.values import Values, wrong_kind
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.values_igv import RULES

ROOT = pathlib.Path(__file__).parents[3]
SPEC = yaml.safe_load((ROOT / "playbooks/vars/inventory.yml").read_text())["inventory_spec"]
KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
CLIENT = "1-a.apps.googleusercontent.com"

GOOD = [
    ("project", "lab-viewer", {}),
    ("project", "x2", {}),
    ("aws_account_id", "012345678901", {}),
    ("aws_region", "eu-central-1", {}),
    ("domain", "lab.uni.edu", {}),
    ("domain", "xn--bcher-kva.example-lab.eu", {}),
    ("hosted_zone", "uni.edu", {"domain": "lab.uni.edu"}),
    ("hosted_zone", "lab.uni.edu", {"domain": "lab.uni.edu"}),
    ("site_domain", "viewer.lab.uni.edu", {"domain": "lab.uni.edu"}),
    ("data_domain", "data.lab.uni.edu", {"domain": "lab.uni.edu", "site_domain": "viewer.lab.uni.edu"}),
    ("user_pool_domain_prefix", "a", {}),
    ("data_bucket", "www.lab.data-2", {}),
    ("data_bucket", "lab-private-data", {"domain": "lab.uni.edu", "aws_account_id": "123456789012"}),
    ("signing_keys", ["2026-11", "k_1"], {}),
    ("resource_tags", {"Cost Centre": "4711", "über": "a+b@c"}, {}),
    ("google_client_id", CLIENT, {"google_client_secret": "s", "allowed_emails": ["ada@uni.edu"]}),
    ("google_client_id", CLIENT, {"google_client_secret": "s", "allowed_email_domains": ["uni.edu"]}),
    ("google_client_id", CLIENT, Values({"google_client_secret": "s"}, {"allowed_emails"})),
    ("google_client_id", CLIENT, Values({"allowed_emails": ["ada@uni.edu"]}, {"google_client_secret"})),
    ("google_client_id", "", {}),
    ("allowed_email_domains", ["uni.edu", "Lab.Uni.EDU", "xn--bcher-kva.example"], {}),
    ("allowed_email_domains", [], {}),
    ("allowed_emails", ["ada@uni.edu", "O'Neill+x@Uni.EDU"], {}),
    ("login_domain", "lab.auth.us-east-1.amazoncognito.com", {}),
    ("allowed_emails", [f"{'x' * 60}@uni.edu"] * 50, {"allowed_email_domains": ["uni.edu"]}),
    ("verify_test_user", "verify@uni.edu", {"verify_test_password": "p"}),
    ("verify_test_password", "p", {"verify_test_user": "verify@uni.edu"}),
    ("google_client_secret", "s", {"google_client_id": CLIENT}),
    ("google_client_secret", "", {}),
    ("iam_permissions_boundary", "", {}),
    ("session_document", "", {}),
    ("session_document", "lab-session", {}),
    ("iam_permissions_boundary", "arn:aws:iam::aws:policy/PowerUserAccess", {"aws_account_id": "123456789012"}),
    ("iam_permissions_boundary", "arn:aws:iam::123456789012:policy/a/b", {"aws_account_id": "123456789012"}),
    ("dns_resolver", "192.0.2.1", {}),
    ("dns_resolver", "192.0.2.1:5353", {}),
    ("dns_resolver", "2001:db8::1", {}),
    ("dns_resolver", "[2001:db8::1]:5353", {}),
    ("igv_buckets", [{"name": "lab-bams"}], {}),
    ("igv_buckets", [{"name": "lab-bams", "prefixes": ["a/", "b/c d/"], "browsable": True, "kms_key_arn": KEY}], {}),
    ("igv_callback_port", 60152, {}),
    ("igv_sign_in_hours", "1", {}),
    ("igv_example", "s3://lab-bams/a/x.bam", {"igv_buckets": [{"name": "lab-bams", "prefixes": ["a/"]}]}),
    ("igv_example", "s3://lab-bams/x.bam", {"igv_buckets": [{"name": "lab-bams"}]}),
    ("igv_config_url", "https://www.uni.edu/igv/oauth-config.json", {"igv_client_secret": "no"}),
    ("igv_config_url", "https://www.uni.edu/c.json", Values(invalid={"igv_client_secret"})),
    ("igv_user_pool_domain_prefix", "lab-igv", {}),
    ("igv_login_domain", "lab-igv.auth.us-east-1.amazoncognito.com", {}),
    ("igv_contact", "Ada Lovelace, ada@uni.edu", {}),
]
BAD = [
    ("project", "Lab", {}, "small letters"),
    ("project", "1lab", {}, "a letter first"),
    ("project", "a", {}, "2 to 20"),
    ("project", "lab-", {}, "inner hyphens"),
    ("project", "x" * 21, {}, "2 to 20"),
    ("project", "lab\n", {}, "small letters"),
    ("project", "ssm-lab", {}, "AWS keeps for itself"),
    ("project", "internal-lab", {}, "AWS keeps for itself"),
    ("aws_account_id", "1234-5678-9012", {}, "12 digits"),
    ("aws_account_id", "111122223333", {}, "the example"),
    ("aws_region", "eu-central", {}, "write eu-central-1"),
    ("aws_region", "us-east-1b", {}, "write its region, us-east-1"),
    ("aws_region", "us-gov-west-1", {}, "not supported"),
    ("aws_region", "nowhere", {}, "write a region such as"),
    ("domain", "http://lab.uni.edu", {}, "write lab.uni.edu"),
    ("domain", "lab.uni.edu:443", {}, "write lab.uni.edu"),
    ("domain", "lab.uni.edu/viewer", {}, "write lab.uni.edu"),
    ("domain", "lab.uni.edu.", {}, "a dot or a blank"),
    ("domain", " lab.uni.edu", {}, "a dot or a blank"),
    ("domain", "Lab.uni.edu", {}, "capitals"),
    ("domain", "bücher.edu", {}, "xn--"),
    ("domain", "192.0.2.1", {}, "IP address"),
    ("domain", "lab", {}, "two labels"),
    ("domain", "lab_1.uni.edu", {}, "no host name"),
    ("domain", "-lab.uni.edu", {}, "no host name"),
    ("domain", "lab..uni.edu", {}, "no host name"),
    ("domain", "lab.example.com", {}, "for examples"),
    ("domain", f"{'x' * 60}.uni.edu", {}, "64 characters"),
    ("hosted_zone", "other.edu", {"domain": "lab.uni.edu"}, "is not in that zone"),
    ("hosted_zone", "ab.uni.edu", {"domain": "lab.uni.edu"}, "is not in that zone"),
    ("site_domain", "a.b.lab.uni.edu", {"domain": "lab.uni.edu"}, "write <label>.lab.uni.edu"),
    ("site_domain", "lab.uni.edu", {"domain": "lab.uni.edu"}, "one label under domain"),
    ("data_domain", "v.lab.uni.edu", {"domain": "lab.uni.edu", "site_domain": "v.lab.uni.edu"}, "the same name"),
    ("user_pool_domain_prefix", "lab-cognito", {}, "cognito in it"),
    ("user_pool_domain_prefix", "Lab", {}, "small letters"),
    ("user_pool_domain_prefix", "lab-", {}, "inner hyphens"),
    ("data_bucket", "arn:aws:s3:::raw", {}, "write the name of the bucket alone, raw"),
    ("data_bucket", "raw/2024", {}, "no slash"),
    ("data_bucket", "Raw", {}, "no bucket can have that name"),
    ("data_bucket", "ra", {}, "no bucket can have that name"),
    ("data_bucket", "raw..data", {}, "no bucket can have that name"),
    ("data_bucket", "raw--use1-az4--x-s3", {}, "directory bucket"),
    ("data_bucket", "lab-private-data", {"domain": "lab.example.org"}, "the bucket of the example"),
    ("signing_keys", [], {}, "one key to sign with"),
    ("signing_keys", ["a", "a"], {}, "twice"),
    ("signing_keys", list("abcdef"), {}, "5 keys at most"),
    ("signing_keys", ["k 1"], {}, "no label"),
    ("resource_tags", {"Project": "x"}, {}, "collection's own"),
    ("resource_tags", {"project": "x"}, {}, "collection's own"),
    ("resource_tags", {"AWS:x": "y"}, {}, "aws:"),
    ("resource_tags", {"Cost": 4711}, {}, "in quotes"),
    ("resource_tags", {"Cost": "a;b"}, {}, "AWS takes no tag"),
    ("resource_tags", {"Cost": "x" * 257}, {}, "AWS takes no tag"),
    ("resource_tags", {f"k{number}": "v" for number in range(49)}, {}, "50 tags"),
    ("google_client_id", "GOCSPX-abc", {"google_client_secret": "s"}, "end in .apps.googleusercontent.com"),
    ("google_client_id", CLIENT, {}, "google_client_secret"),
    ("google_client_id", CLIENT, {"google_client_secret": ""}, "or empty"),
    ("google_client_id", CLIENT, {"google_client_secret": "s"}, "both lists are empty"),
    ("google_client_id", CLIENT, {"google_client_secret": "s", "allowed_emails": []}, "both lists are empty"),
    ("allowed_email_domains", ["uni.edu", "@uni.edu"], {}, "'@uni.edu' is no domain"),
    ("allowed_email_domains", ["*.uni.edu"], {}, "is no domain"),
    ("allowed_email_domains", ["edu"], {}, "is no domain"),
    ("allowed_email_domains", ["uni.edu\n"], {}, "is no domain"),
    ("allowed_email_domains", ["büro.de"], {}, "is no domain"),
    ("allowed_email_domains", ["uni.\u212areuz.de"], {}, "is no domain"),
    ("allowed_emails", ["uni.edu"], {}, "is no e-mail address"),
    ("allowed_emails", ["Ada <ada@uni.edu>"], {}, "is no e-mail address"),
    ("allowed_emails", ["ada@uni.edu", "bo@x@uni.edu"], {}, "'bo@x@uni.edu' is no e-mail address"),
    ("allowed_emails", ["bö@uni.edu"], {}, "is no e-mail address"),
    ("login_domain", "https://lab.auth.us-east-1.amazoncognito.com", {}, "not a host name"),
    ("allowed_emails", [f"{'x' * 60}@uni.edu"] * 60, {}, "holds 4000"),
    ("allowed_emails", [f"{'x' * 60}@uni.edu"] * 50, {"allowed_email_domains": ["lab.uni.edu"] * 30}, "holds 4000"),
    ("allowed_email_domains", ["lab.uni.edu"] * 300, {}, "holds 4000"),
    ("verify_test_user", "verify@uni.edu", {}, "verify_test_password"),
    ("verify_test_password", "p", {}, "verify_test_user"),
    ("google_client_secret", "s", {}, "google_client_id"),
    ("google_client_secret", "s\n", {"google_client_id": CLIENT}, "a blank or a line break"),
    ("google_client_secret", CLIENT, {"google_client_id": CLIENT}, "that is a client id"),
    ("session_document", "arn:aws:ssm:us-east-1:1:document/x", {}, "no document can have that name"),
    ("session_document", "x\n", {}, "no document can have that name"),
    ("iam_permissions_boundary", "boundary", {}, "no ARN of a managed policy"),
    ("iam_permissions_boundary", "arn:aws:iam::1:policy/x", {}, "no ARN of a managed policy"),
    (
        "iam_permissions_boundary",
        "arn:aws:iam::210987654321:policy/x",
        {"aws_account_id": "123456789012"},
        "of account 210987654321",
    ),
    ("dns_resolver", "dns.uni.edu", {}, "no address"),
    ("dns_resolver", "192.0.2.1:70000", {}, "no address"),
    ("dns_resolver", "192.0.2.1:dns", {}, "no address"),
    ("igv_buckets", [], {}, "one to read from"),
    ("igv_buckets", ["lab-bams"], {}, "'lab-bams' is not; write a list such as"),
    ("igv_buckets", [{"prefixes": ["a/"]}], {}, "a mapping with a name"),
    ("igv_buckets", [{"name": "s3://lab-bams/x"}], {}, "write the name of the bucket alone, lab-bams"),
    ("igv_buckets", [{"name": "lab-bams", "prefix": ["a/"]}], {}, "there is no prefix; write prefixes"),
    ("igv_buckets", [{"name": "lab-bams", "prefixes": "a/"}], {}, "prefixes: it must be a list"),
    ("igv_buckets", [{"name": "lab-bams", "prefixes": []}], {}, "nothing could be read"),
    ("igv_buckets", [{"name": "lab-bams", "prefixes": ["a"]}], {}, "'a' is no folder: a folder ends in a slash"),
    ("igv_buckets", [{"name": "lab-bams", "prefixes": [""]}], {}, "a folder ends in a slash"),
    ("igv_buckets", [{"name": "lab-bams", "prefixes": ["/a/"]}], {}, "begins with a slash"),
    ("igv_buckets", [{"name": "lab-bams", "prefixes": ["a/*/"]}], {}, "mean others than themselves"),
    ("igv_buckets", [{"name": "lab-bams", "prefixes": ["${aws:username}/"]}], {}, "mean others than themselves"),
    ("igv_buckets", [{"name": "lab-bams", "prefixes": ["s3://lab-bams/a/"]}], {}, "begins below the bucket"),
    ("igv_buckets", [{"name": "lab-bams", "prefixes": ["a//"]}], {}, "an empty folder"),
    ("igv_buckets", [{"name": "lab-bams"}] * 2, {}, "lab-bams stands there twice"),
    ("igv_buckets", [{"name": "lab-bams", "kms_key_arn": "alias/lab"}], {}, "policies don't know aliases"),
    ("igv_buckets", [{"name": "lab-bams", "kms_key_arn": KEY}], {"aws_region": "eu-west-1"}, "the key is in us-east-1"),
    ("igv_callback_port", 80, {}, "can't listen there"),
    ("igv_callback_port", 65536, {}, "1024 to 65535"),
    ("igv_sign_in_hours", 0, {}, "1 to 720"),
    ("igv_sign_in_hours", 721, {}, "1 to 720"),
    ("igv_example", "https://lab-bams/x.bam", {}, "address of a file in S3"),
    ("igv_example", "s3://lab-bams/x.bam", {"igv_buckets": [{"name": "lab-bams", "prefixes": ["a/"]}]}, "nobody could"),
    ("igv_example", "s3://other/x.bam", {"igv_buckets": [{"name": "lab-bams"}]}, "nobody could open it"),
    ("igv_config_url", "http://www.uni.edu/c.json", {"igv_client_secret": False}, "everybody can fetch"),
    ("igv_config_url", "https://www.uni.edu/c.json", {}, "holds the app client's secret"),
    ("igv_config_url", "https://www.uni.edu/c.json", {"igv_client_secret": "yes"}, "holds the app client's secret"),
    ("igv_user_pool_domain_prefix", "lab-cognito", {}, "refuses a prefix with cognito"),
    ("igv_login_domain", "https://lab", {}, "not a host name"),
    ("igv_contact", "a\nb", {}, "one line"),
]


@pytest.mark.parametrize(("name", "value", "known"), GOOD)
def test_what_is_right_is_let_pass(name, value, known):
    assert RULES[name](value, known if isinstance(known, Values) else Values(known)) is None


@pytest.mark.parametrize(("name", "value", "known", "told"), BAD)
def test_what_is_wrong_is_told(name, value, known, told):
    assert told in "; ".join(RULES[name](value, Values(known)))


@pytest.mark.parametrize(
    ("value", "spec", "told"),
    [
        ("x", {}, None),
        (5, {"type": "str"}, None),
        (True, {"type": "str"}, "text"),
        (None, {"type": "path"}, "text"),
        (["a"], {"type": "list", "elements": "str"}, None),
        ("a,b", {"type": "list"}, "a list"),
        ([1], {"type": "list", "elements": "str"}, "in quotes"),
        ("a=b", {"type": "dict"}, "a mapping"),
        ("12", {"type": "int"}, None),
        ("1.5", {"type": "int"}, "whole number"),
        ("yes", {"type": "bool"}, None),
        ("perhaps", {"type": "bool"}, "true or false"),
        ("LITE", {"choices": ["LITE", "PLUS"]}, None),
        ("Plus", {"choices": ["LITE", "PLUS"]}, "must be one of LITE, PLUS"),
        ("mnaual", {"choices": ["route53", "manual"]}, "write manual"),
    ],
)
def test_kinds_and_choices(value, spec, told):
    wrong = wrong_kind(value, spec)
    assert wrong is None if told is None else told in "; ".join(wrong)


def test_there_is_a_rule_for_each_variable_whose_kind_does_not_say_all():
    assert {
        name for name, spec in SPEC.items() if "choices" not in spec and spec["type"] not in ("bool", "path")
    } == set(RULES)


def test_each_variable_is_explained():
    assert [name for name, spec in SPEC.items() if not spec.get("description")] == []
