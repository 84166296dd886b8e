# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a value of the inventory must look like, before anybody is asked. PRIVATE to this collection.

A rule gets a value and all values that are known; it returns None, or what is wrong and what to do instead.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import quote
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.allow_list import (
    DOMAIN,
    EMAIL,
    MAX_BYTES,
    AllowList,
    size,
)

try:
    import boto3.session
except ImportError:
    boto3 = None  # AnsibleAWSModule says what is missing

Wrong = "tuple[str, str] | None"


class Values(dict[str, Any]):
    """The variables that are right, as far as is known, and the names of those that are not."""

    def __init__(self, valid: Mapping[str, Any] | None = None, invalid: Iterable[str] = ()) -> None:
        super().__init__(valid or {})
        self.invalid = set(invalid)


Rule = Callable[[Any, Values], Wrong]

LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"{LABEL}([.]{LABEL})+")
# RFC 2606 keeps these for examples, and AWS's documentation uses the account number.
EXAMPLE_DOMAIN = re.compile(r"(.*[.])?(example|example[.](com|net|org))")
EXAMPLE_ACCOUNT, EXAMPLE_BUCKET = "111122223333", "lab-private-data"
TAG = re.compile(r"[\w .:/=+@-]*", re.UNICODE)
# AWS allows 50 tags on a resource (Tagging AWS Resources and Tag Editor); one is `Project`, one is EC2's `Name`.
MOST_TAGS = 48
# CloudFront Developer Guide, "Quotas on key groups".
MOST_KEYS = 5
TRUTHS = {"true", "false", "yes", "no", "on", "off", "1", "0"}


def project(value: str, _known: Values) -> Wrong:
    write = "write a name such as lab-viewer"
    if re.match("aws|ssm|sg-|internal-", value):
        return "aws, ssm, sg- and internal- are beginnings that AWS keeps for itself", write
    if not re.fullmatch("[a-z][a-z0-9-]{0,18}[a-z0-9]", value):
        return (
            "it starts the name of every resource: 2 to 20 small letters, digits and inner hyphens, a letter first",
            write,
        )
    return None


def account(value: str, _known: Values) -> Wrong:
    write = "write the number of your account, 12 digits in quotes (`aws sts get-caller-identity` tells it)"
    if value == EXAMPLE_ACCOUNT:
        return "that is still the number of the example", write
    return None if re.fullmatch("[0-9]{12}", value) else ("an account number has 12 digits", write)


def _regions(partition: str = "aws") -> list[str]:
    session = boto3.session.Session()
    return session.get_available_regions("ec2", partition_name=partition)


def region(value: str, _known: Values) -> Wrong:
    if boto3 is None or value in _regions():
        return None
    if value in _regions("aws-cn") + _regions("aws-us-gov"):
        return "AWS China and AWS GovCloud are not supported", "write a region such as us-east-1"
    if re.fullmatch(r"[a-z]+(-[a-z]+)+-\d[a-z]", value):
        return "that is an availability zone", f"write its region, {value[:-1]}"
    beginnings = sorted(name for name in _regions() if name.startswith(value))
    close = beginnings or difflib.get_close_matches(value, _regions(), 1)
    known = f"boto3 {boto3.__version__} knows no such region"
    return known, f"write {close[0]}, if that is meant" if close else "write a region such as us-east-1"


# What is wrong with a name that is no host name; the first that is found is told, with the name that is meant.
NAME_FAULTS: tuple[tuple[str, str, str], ...] = (
    (r".*[:/].*", "that is an address, not a host name", "write {}"),
    (r"[.\s].*|.*[.\s]", "there is a dot or a blank around it", "write {}"),
    (r".*[^\x00-\x7f].*", "it has letters beyond ASCII", "write it as DNS has it, with xn--"),
    (r".*[A-Z].*", "names are compared letter by letter, and it has capitals", "write {}"),
    (r"[0-9.]+", "that is an IP address, for which nobody gets a certificate", "write a host name"),
    (r"[^.]*", "a domain has two labels at least", "write it in full, such as lab.your-university.edu"),
    (rf"(?!{HOST.pattern}$).*", "that is no host name, made of letters, digits, inner hyphens and dots", "write {}"),
)


def host_name(value: str, _known: Values) -> Wrong:
    tidy = re.sub(r"^[a-zA-Z][\w+.-]*://", "", value).split("/")[0].split(":")[0].strip(". \n").lower()
    meant = tidy if HOST.fullmatch(tidy) else "a host name such as lab.your-university.edu"
    found = [(wrong, advice) for pattern, wrong, advice in NAME_FAULTS if re.fullmatch(pattern, value, re.DOTALL)]
    return (found[0][0], found[0][1].format(meant)) if found else None


def domain(value: str, known: Values) -> Wrong:
    if EXAMPLE_DOMAIN.fullmatch(value):
        return "that name is for examples, and nobody can have it", "write a domain that is yours"
    # A certificate's first name has 64 characters at most (ACM API Reference, "RequestCertificate").
    if len(value) > 64:
        return "a certificate's first name has 64 characters at most", "write a shorter domain"
    return host_name(value, known)


def hosted_zone(value: str, known: Values) -> Wrong:
    inside = known.get("domain")
    if inside and not f".{inside}".endswith(f".{value}"):
        return f"domain, {inside}, is not in that zone", f"write {inside}, or the parent of it that is the zone"
    return host_name(value, known)


def one_label(value: str, known: Values) -> Wrong:
    inside = known.get("domain")
    if wrong := host_name(value, known):
        return wrong
    if inside and not re.fullmatch(rf"{LABEL}[.]{re.escape(inside)}", value):
        return (
            f"the certificate and the cookies are for names one label under domain, {inside}",
            f"write <label>.{inside}",
        )
    return None


def data_domain(value: str, known: Values) -> Wrong:
    if value == known.get("site_domain"):
        return "site_domain has the same name", "give the data a name of their own"
    return one_label(value, known)


def login_prefix(value: str, _known: Values) -> Wrong:
    found = re.search("aws|amazon|cognito", value)
    if found:
        return f"Cognito refuses a prefix with {found[0]} in it", "write another one"
    if not re.fullmatch(LABEL, value):
        return (
            "it starts the address of the login: 1 to 63 small letters, digits and inner hyphens",
            "write one such as my-lab-viewer",
        )
    return None


def bucket(value: str, known: Values) -> Wrong:
    """Amazon S3 User Guide, "General purpose bucket naming rules"."""
    named = re.match(r"(?:s3://|arn:aws:s3:::)([^/]+)", value)
    if named:
        return "that is an address", f"write the name of the bucket alone, {named[1]}"
    if value == EXAMPLE_BUCKET and (known.get("aws_account_id") == EXAMPLE_ACCOUNT or _is_example(known.get("domain"))):
        return "that is still the bucket of the example", "write the name of the bucket with your data"
    if "/" in value:
        return "a bucket's name has no slash, and all of a bucket is served", "write the name alone, without a path"
    if not re.fullmatch(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value) or ".." in value:
        return (
            "no bucket can have that name: 3 to 63 small letters, digits, inner hyphens and dots",
            "write the name of your bucket",
        )
    if re.search(r"(-s3alias|--ol-s3|[.]mrap|--x-s3|--table-s3)$", value):
        return "that is an access point, a directory bucket or a table bucket", "write a general purpose bucket"
    return None


def email_domains(value: list[str], _known: Values) -> Wrong:
    wrong = [each for each in value if not (DOMAIN.fullmatch(each) and HOST.fullmatch(each.lower()))]
    write = "write whole domains such as your-university.edu, letters of other alphabets in their xn-- form"
    return (f"{quote(wrong[0])} is no domain", write) if wrong else _too_many(value, [])


def _is_address(value: str) -> bool:
    """Also that its domain can be one: what reads the lists is less strict."""
    found = EMAIL.fullmatch(value)
    return bool(found) and bool(HOST.fullmatch(found[1].lower()))


def emails(value: list[str], known: Values) -> Wrong:
    wrong = [each for each in value if not _is_address(each)]
    write = "write whole addresses such as ada@your-university.edu in plain letters"
    if wrong:
        return f"{quote(wrong[0])} is no e-mail address", write
    return _too_many(known.get("allowed_email_domains") or [], value)


def failure_emails(value: list[str], _known: Values) -> Wrong:
    wrong = [each for each in value if not _is_address(each)]
    write = "write whole addresses such as ada@your-university.edu in plain letters, each once"
    if wrong:
        return f"{quote(wrong[0])} is no e-mail address", write
    return ("an address stands there twice", write) if len(set(value)) < len(value) else None


def _too_many(domains: list[str], emails: list[str]) -> Wrong:
    taken = size(domains, emails)
    if taken <= MAX_BYTES:
        return None
    return (
        f"allowed_email_domains and allowed_emails take {taken} bytes, and what reads them holds {MAX_BYTES}",
        "write a domain instead of its many addresses",
    )


def _is_example(value: Any) -> bool:
    return isinstance(value, str) and bool(EXAMPLE_DOMAIN.fullmatch(value))


def signing_keys(value: list[str], _known: Values) -> Wrong:
    write = "write labels such as [k1]"
    if not value:
        return "there must be one key to sign with", write
    if len(set(value)) < len(value):
        return "a label stands there twice", "write each once"
    if len(value) > MOST_KEYS:
        return f"CloudFront trusts {MOST_KEYS} keys at most", "take old labels out, from the end"
    wrong = [label for label in value if not re.fullmatch("[A-Za-z0-9_-]{1,32}", label)]
    return (f"{quote(wrong[0])} is no label: 1 to 32 letters, digits, _ and -", write) if wrong else None


def resource_tags(value: dict[str, Any], _known: Values) -> Wrong:
    for key, content in value.items():
        if wrong := _tag(key, content):
            return wrong
    if len(value) > MOST_TAGS:
        return f"AWS takes 50 tags, and two are this collection's; these are {len(value)}", "take some out"
    return None


def _tag(key: Any, value: Any) -> Wrong:
    if not isinstance(key, str) or not isinstance(value, str):
        return f"key and value of a tag are text, and {key}: {value} is not", "put both in quotes"
    if key.lower() in ("project", "name"):
        return f"the tag {key} is this collection's own", "take it out; project is its value"
    if key.lower().startswith("aws:"):
        return f"AWS keeps tags that start with aws: for itself ({key})", "write another key"
    if not (1 <= len(key) <= 128 and len(value) <= 256 and TAG.fullmatch(key) and TAG.fullmatch(value)):
        return (
            f"AWS takes no tag {key}: {value}",
            "write letters, digits, blanks and _ . : / = + - @, 128 for the key, 256 for the value",
        )
    return None


def permissions_boundary(value: str, known: Values) -> Wrong:
    found = re.fullmatch("arn:aws:iam::(aws|[0-9]{12}):policy/.+", value)
    write = "write one such as arn:aws:iam::<account>:policy/boundary"
    if value and not found:
        return "that is no ARN of a managed policy", write
    account = known.get("aws_account_id")
    if found and account and found[1] not in ("aws", account):
        return f"that policy is of account {found[1]}, and IAM takes one of the same account or of AWS", write
    return None


def session_document(value: str, _known: Values) -> Wrong:
    if value and not re.fullmatch(r"[A-Za-z0-9_.-]{3,128}", value):
        return "no document can have that name: 3 to 128 letters, digits, _ . and -", "write one such as lab-session"
    return None


def google_client_id(value: str, known: Values) -> Wrong:
    if value and not value.endswith(".apps.googleusercontent.com"):
        return (
            "Google's client ids end in .apps.googleusercontent.com",
            "write the client id that Google shows for the OAuth client",
        )
    if value.startswith("1example"):
        return "that is still the client id of the example", "write yours"
    return _alone(value, known, "google_client_secret") or _nobody(value, known)


def _nobody(value: str, known: Values) -> Wrong:
    lists = ("allowed_email_domains", "allowed_emails")
    allowed = AllowList(*[known.get(name) or [] for name in lists])
    if not value or allowed or known.invalid & set(lists):
        return None
    return (
        "with Google, nobody comes in who is not on a list, and both lists are empty",
        "set allowed_email_domains, allowed_emails, or both",
    )


def google_client_secret(value: str, known: Values) -> Wrong:
    if value != value.strip():
        return "there is a blank or a line break around it", "take it out where the secret is kept"
    if value.endswith(".apps.googleusercontent.com"):
        return "that is a client id", "write the secret that Google shows beside it"
    return _alone(value, known, "google_client_id")


def _alone(value: str, known: Mapping[str, Any], other: str) -> Wrong:
    if value and not known.get(other) and other not in known.invalid:
        return f"it belongs together with {other}, which is not given, or empty", "give both, or neither"
    return None


def verify_test_user(value: str, known: Values) -> Wrong:
    return _alone(value, known, "verify_test_password")


def verify_test_password(value: str, known: Values) -> Wrong:
    return _alone(value, known, "verify_test_user")


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1` or `[2001:db8::1]:53`."""
    if address.startswith("["):
        host, _mark, port = address[1:].partition("]")
        return host, int(port[1:] or 53)
    host, _mark, port = address.partition(":")
    return (address, 53) if ":" in port else (host, int(port or 53))


def dns_resolver(value: str, _known: Values) -> Wrong:
    try:
        host, port = split_address(value)
        ipaddress.ip_address(host)
        right = 0 < port < 65536
    except ValueError:
        right = False
    return None if right else ("that is no address of a DNS server", "write one such as 192.0.2.53 or 192.0.2.53:5353")


# In this order: what was found wrong is no longer known to the rules after it.
RULES: dict[str, Rule] = {
    "project": project,
    "data_bucket": bucket,
    "aws_account_id": account,
    "aws_region": region,
    "domain": domain,
    "hosted_zone": hosted_zone,
    "site_domain": one_label,
    "data_domain": data_domain,
    "user_pool_domain_prefix": login_prefix,
    "login_domain": host_name,
    "allowed_email_domains": email_domains,
    "allowed_emails": emails,
    "failure_emails": failure_emails,
    "signing_keys": signing_keys,
    "resource_tags": resource_tags,
    "iam_permissions_boundary": permissions_boundary,
    "session_document": session_document,
    "google_client_id": google_client_id,
    "google_client_secret": google_client_secret,
    "dns_resolver": dns_resolver,
    "verify_test_user": verify_test_user,
    "verify_test_password": verify_test_password,
}


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


# What is of a kind, and what to say of the rest. Roles use lists and mappings as they stand: no text is taken for one.
KINDS: dict[str, tuple[Callable[[Any], bool], str, str]] = {
    "str": (_is_text, "it must be text", "write it in quotes"),
    "path": (_is_text, "it must be text", "write it in quotes"),
    "list": (lambda value: isinstance(value, list), "it must be a list", "write [one, another]"),
    "dict": (lambda value: isinstance(value, dict), "it must be a mapping", "write one `key: value` on each line"),
    "int": (lambda value: bool(re.fullmatch(r"-?\d+", str(value))), "it must be a whole number", "write digits only"),
    "bool": (lambda value: str(value).lower() in TRUTHS, "it must be true or false", "write one of them"),
}


def wrong_kind(value: Any, spec: Mapping[str, Any]) -> Wrong:
    """A type or a choice that does not fit."""
    fits, *wrong = KINDS[spec.get("type", "str")]
    if not fits(value):
        return tuple(wrong)
    if spec.get("elements") == "str" and not all(isinstance(item, str) for item in value):
        return "its items must be text", "put them in quotes"
    choices = spec.get("choices")
    if choices and value not in choices:
        return "it must be one of " + ", ".join(map(str, choices)), _closest(value, choices)
    return None


def _closest(value: Any, choices: list[Any]) -> str:
    close = difflib.get_close_matches(str(value), [str(choice) for choice in choices], 1, 0.5)
    return f"write {close[0] if close else choices[0]}"
