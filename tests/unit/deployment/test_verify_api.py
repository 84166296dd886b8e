"""What the checks make of AWS's answers: nothing of good ones, the right sentence of each fault."""

from __future__ import annotations

import datetime
import socket
import types

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Skipped
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.http import Answer
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import verify as bucket
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket.find import an_object
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.certificate import verify as certificate
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import find as find_distribution
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import verify as cdn
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import find as find_instance
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import verify as host
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import find as find_load_balancer
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import verify as balancer
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.network import verify as groups
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.signing_keys import find as find_signing_keys
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.signing_keys import verify as keys
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import find as find_user_pool
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import verify as pool

from tests.unit.deployment import verify_fakes
from tests.unit.deployment.verify_fakes import aws_error, but, context_of, counted, without

ARN = "arn:aws:cloudfront::111122223333:distribution/E1"
NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)


# --- What good looks like ----------------------------------------------------------------------------------------

SIDS = {action: f"lab-{action}" for action in ("GetObject", "ListBucket")}
STATEMENTS = [{"Sid": sid, **said} for sid, said in cdn.granted(SIDS, "lab-data", ARN).items()]
EVERYBODY = {"Sid": "all", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
CONDITIONAL = {**EVERYBODY, "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
WORLD = {**EVERYBODY, "Principal": {"Service": "cloudfront.amazonaws.com"}}

BEHAVIOUR = {
    "ViewerProtocolPolicy": "redirect-to-https",
    "TrustedKeyGroups": {"Enabled": True, **counted("KG1")},
    "TrustedSigners": {"Enabled": False, "Quantity": 0},
}
CONFIG = {
    "Enabled": True,
    "Aliases": counted("data.lab.test"),
    "DefaultCacheBehavior": BEHAVIOUR,
    "CacheBehaviors": {"Quantity": 0},
    "ViewerCertificate": {"MinimumProtocolVersion": "TLSv1.2_2021"},
    "Origins": counted({"Id": "o", "DomainName": "lab-data.s3.us-east-1.amazonaws.com", "OriginAccessControlId": "A1"}),
}
OPEN_PATH = {"PathPattern": "/open/*", **but(BEHAVIOUR, "TrustedKeyGroups", {"Enabled": False, "Quantity": 0})}
CORS = {
    "AccessControlAllowOrigins": counted("https://site"),
    "AccessControlAllowMethods": counted("GET", "HEAD"),
    "AccessControlAllowCredentials": True,
    "OriginOverride": True,
}


def kept_for(value):
    return counted({"Header": "Cache-Control", "Value": value, "Override": True})


GUARDED = {"SecurityHeadersConfig": cdn.GUARDS, "CustomHeadersConfig": kept_for("private, no-cache")}
CERTIFICATE = {"CertificateArn": "c", "Status": "ISSUED", "NotAfter": NOW + datetime.timedelta(days=100)}

SIGN_IN = {"UserPoolArn": "p", "SessionTimeout": 604800, "OnUnauthenticatedRequest": "authenticate"}
AUTHENTICATE = {"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": SIGN_IN}
FORWARD = {"Type": "forward", "Order": 2}
REDIRECT = {"Type": "redirect", "RedirectConfig": {**balancer.REDIRECT, "StatusCode": "HTTP_301"}}


def rule(priority, *paths, actions=(FORWARD,), field="path-pattern"):
    condition = {"Field": field, "PathPatternConfig": {"Values": list(paths)}}
    return {"Priority": priority, "Conditions": [condition], "Actions": list(actions)}


DENY_RULE = rule("1", "/session", actions=(FORWARD, AUTHENTICATE))
PUBLIC_RULE = rule("10", "/", "/assets/*")


def public(*rules):
    return list(balancer.public_paths(rules, ["/", "/assets/*"], ["/session"]))


PERMISSION = {
    "IpProtocol": "tcp",
    "FromPort": 8443,
    "ToPort": 8443,
    "UserIdGroupPairs": [{"GroupId": "sg-lb"}],
    "IpRanges": [],
}
SSH = {**PERMISSION, "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [], "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ALL_V6 = {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}


def ingress(*permissions):
    return list(groups.difference(permissions, [("tcp", 8443, 8443, "sg-lb")], "in"))


PARAMETER = "arn:aws:ssm:us-east-1:111122223333:parameter/lab/keys/k1"
READ = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": [PARAMETER]}
READ_NO_OTHERS = {"Effect": "Deny", "Action": host.READ_PARAMETERS, "NotResource": [PARAMETER]}
ROLE = {"managed": ["Core"], "inline": ["parameters"]}
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}

CLIENT = {
    "CallbackURLs": ["https://site/oauth2/idpresponse"],
    "LogoutURLs": ["https://site/signed-out"],
    "AllowedOAuthFlows": ["code"],
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
}
POOL = {"Domain": "lab", "DeletionProtection": "ACTIVE"}
LOGIN = "lab.auth.us-east-1.amazoncognito.com"

# name: (what the check says, words that must be in it; none if all is well)
CASES = {
    "statements as they should be": (cdn.differing(STATEMENTS, cdn.granted(SIDS, "lab-data", ARN)), ""),
    "statements in another spelling": (
        cdn.differing(
            [but(STATEMENTS[0], "Action", ["s3:GetObject"]), STATEMENTS[1]], cdn.granted(SIDS, "lab-data", ARN)
        ),
        "",
    ),
    "list removed": (
        cdn.differing(STATEMENTS[:1], cdn.granted(SIDS, "lab-data", ARN)),
        "lab-ListBucket is missing",
    ),
    "another distribution": (
        cdn.differing(STATEMENTS, cdn.granted(SIDS, "lab-data", f"{ARN}X")),
        "lab-GetObject says Condition",
    ),
    "condition lost": (
        cdn.differing([without(STATEMENTS[0], "Condition"), STATEMENTS[1]], cdn.granted(SIDS, "lab-data", ARN)),
        "Condition null",
    ),
    "wider action": (
        cdn.differing([but(STATEMENTS[0], "Action", "s3:*"), STATEMENTS[1]], cdn.granted(SIDS, "lab-data", ARN)),
        'says Action "s3:*"',
    ),
    "nothing for everybody": (bucket.for_everybody([*STATEMENTS, CONDITIONAL, {**EVERYBODY, "Effect": "Deny"}]), ""),
    "everybody": (bucket.for_everybody([EVERYBODY]), "the statement all allows everybody s3:GetObject"),
    "every account": (bucket.for_everybody([{**EVERYBODY, "Principal": {"AWS": ["*"]}}]), "allows everybody"),
    "all but one": (
        bucket.for_everybody([{**without(EVERYBODY, "Principal"), "NotPrincipal": {"AWS": "x"}}]),
        "everybody",
    ),
    "CloudFront for us": (bucket.for_any_distribution(STATEMENTS), ""),
    "CloudFront for all": (bucket.for_any_distribution([WORLD]), "every distribution of the world"),
    "no grants": (bucket.public_grants([{"Grantee": {"ID": "me"}, "Permission": "FULL_CONTROL"}]), ""),
    "public grant": (
        bucket.public_grants([{"Grantee": {"URI": f"{bucket.EVERYBODY}AllUsers"}, "Permission": "READ"}]),
        "gives AllUsers READ",
    ),
    "fresh object": (bucket.stale([{"Key": "a", "LastModified": NOW}], NOW), ""),
    "stale object": (bucket.stale([{"Key": "a", "LastModified": NOW}], NOW + datetime.timedelta(hours=2)), "such as a"),
    "own name only": (cdn.aliases(CONFIG, "data.lab.test"), ""),
    "another name": (
        cdn.aliases(but(CONFIG, "Aliases", counted("data.lab.test", "x.test")), "data.lab.test"),
        "x.test",
    ),
    "TLS only": (cdn.viewer(CONFIG), ""),
    "plain HTTP": (cdn.viewer(but(CONFIG, "DefaultCacheBehavior", "ViewerProtocolPolicy", "allow-all")), "allow-all"),
    "old TLS": (cdn.viewer(but(CONFIG, "ViewerCertificate", "MinimumProtocolVersion", "TLSv1.1_2016")), "TLSv1.1_2016"),
    "key group trusted": (cdn.trusted(BEHAVIOUR, "KG1"), ""),
    "no key group": (cdn.trusted(OPEN_PATH, "KG1"), "asks nobody"),
    "another key group": (cdn.trusted(BEHAVIOUR, "KG2"), "trusts the key groups KG1"),
    "one more key group": (
        cdn.trusted(but(BEHAVIOUR, "TrustedKeyGroups", {"Enabled": True, **counted("KG1", "KG2")}), "KG1"),
        "KG1 and KG2",
    ),
    "accounts trusted": (cdn.trusted(but(BEHAVIOUR, "TrustedSigners", "Enabled", True), "KG1"), "trusted signers"),
    "same keys": (keys.same_keys({"K1": "pem"}, {"k1": "pem"}), ""),
    "key missing": (keys.same_keys({}, {"k1": "pem"}), "the key of k1 is not in"),
    "key too many": (keys.same_keys({"K1": "pem", "K2": "other"}, {"k1": "pem"}), "trusts K2"),
    "half missing": (keys.same_keys({}, {"k1": None}), "no public half of k1"),
    "no other behaviours": (cdn.other_behaviours(CONFIG, "KG1"), ""),
    "open behaviour": (
        cdn.other_behaviours(but(CONFIG, "CacheBehaviors", counted(OPEN_PATH)), "KG1"),
        "/open/*: it asks",
    ),
    "origin": (cdn.origin_faults(CONFIG, "lab-data"), ""),
    "origin unsigned": (
        cdn.origin_faults(but(CONFIG, "Origins", "Items", 0, "OriginAccessControlId", ""), "lab-data"),
        "has no",
    ),
    "other origin": (cdn.origin_faults(CONFIG, "other"), "another origin, lab-data.s3."),
    "cors": (cdn.cors(CORS, "https://site"), ""),
    "no cors": (cdn.cors(None, "https://site"), "no CORS"),
    "guards": (cdn.guards(GUARDED), ""),
    "no guards": (cdn.guards({}), "ContentSecurityPolicy is {}"),
    "pages may run": (
        cdn.guards(but(GUARDED, "SecurityHeadersConfig", {**cdn.GUARDS, "ContentSecurityPolicy": {"Override": True}})),
        "ContentSecurityPolicy is",
    ),
    "the bucket has the last word": (
        cdn.guards(but(GUARDED, "SecurityHeadersConfig", {**cdn.GUARDS, "ContentTypeOptions": {"Override": False}})),
        "ContentTypeOptions is",
    ),
    "kept for others": (
        cdn.guards(but(GUARDED, "CustomHeadersConfig", kept_for("public, max-age=60"))),
        "Cache-Control",
    ),
    "kept by nobody": (cdn.guards(but(GUARDED, "CustomHeadersConfig", kept_for("no-store"))), ""),
    "foreign origin": (
        cdn.cors(but(CORS, "AccessControlAllowOrigins", counted("https://site", "https://x")), "https://site"),
        "pages of https://site and https://x may",
    ),
    "post": (
        cdn.cors(but(CORS, "AccessControlAllowMethods", counted("GET", "HEAD", "POST")), "https://site"),
        "'POST'",
    ),
    "certificate": (certificate.certificate_faults(CERTIFICATE, 21, NOW), ""),
    "certificate on its last day": (certificate.certificate_faults(CERTIFICATE, 100, NOW), ""),
    "certificate near its end": (certificate.certificate_faults(CERTIFICATE, 101, NOW), "ends in 100 days"),
    "certificate revoked": (
        certificate.certificate_faults({**CERTIFICATE, "Status": "REVOKED"}, 21, NOW),
        "c is REVOKED",
    ),
    "certificate renewed": (
        certificate.certificate_faults({**CERTIFICATE, "RenewalSummary": {"RenewalStatus": "SUCCESS"}}, 21, NOW),
        "",
    ),
    "certificate not renewed": (
        certificate.certificate_faults(
            {**CERTIFICATE, "RenewalSummary": {"RenewalStatus": "PENDING_VALIDATION"}}, 21, NOW
        ),
        "the renewal of c is PENDING_VALIDATION",
    ),
    "sign-in": (balancer.sign_in([FORWARD, AUTHENTICATE], SIGN_IN), ""),
    "no sign-in": (balancer.sign_in([FORWARD], SIGN_IN), "it does forward, not"),
    "sign-in allowed": (
        balancer.sign_in(
            [but(AUTHENTICATE, "AuthenticateCognitoConfig", "OnUnauthenticatedRequest", "allow"), FORWARD], SIGN_IN
        ),
        "its OnUnauthenticatedRequest is allow, not authenticate",
    ),
    "another pool": (
        balancer.sign_in([AUTHENTICATE, FORWARD], {**SIGN_IN, "UserPoolArn": "q"}),
        "UserPoolArn is p, not q",
    ),
    "public paths": (public(DENY_RULE, PUBLIC_RULE), ""),
    "public path too many": (public(DENY_RULE, PUBLIC_RULE, rule("11", "/admin")), "/admin needs no sign-in"),
    "public path missing": (public(DENY_RULE, rule("10", "/")), "no rule is for /assets/*"),
    "wildcard": (public(DENY_RULE, PUBLIC_RULE, rule("5", "*")), "* needs no sign-in"),
    "by a header": (
        public(DENY_RULE, PUBLIC_RULE, rule("5", field="http-header")),
        "priority 5 lets in without a sign-in, by http-header",
    ),
    "a rule that signs in": (public(DENY_RULE, PUBLIC_RULE, rule("5", "/more", actions=(AUTHENTICATE, FORWARD))), ""),
    "redirect": (balancer.redirects([REDIRECT]), ""),
    "forward on 80": (balancer.redirects([FORWARD]), "it does forward, not redirect"),
    "redirect to HTTP": (
        balancer.redirects([but(REDIRECT, "RedirectConfig", "Protocol", "HTTP")]),
        "with Protocol HTTP",
    ),
    "attributes": (balancer.attribute_faults({"a": "true"}, {"a": "true"}), ""),
    "attribute off": (balancer.attribute_faults({"a": "false"}, {"a": "true"}), "a is false, not true"),
    "healthy": (balancer.health([{"Target": {"Id": "i"}, "TargetHealth": {"State": "healthy"}}]), ""),
    "unhealthy": (
        balancer.health([{"Target": {"Id": "i"}, "TargetHealth": {"State": "unhealthy", "Reason": "Timeout"}}]),
        "i is unhealthy: Timeout",
    ),
    "no target": (balancer.health([{"Target": {"Id": "i"}, "TargetHealth": {"State": "draining"}}]), "no target"),
    "doors": (ingress(PERMISSION), ""),
    "port 22": (ingress(PERMISSION, SSH), "it also lets in tcp 22 of 0.0.0.0/0"),
    "everything by IPv6": (ingress(PERMISSION, ALL_V6), "everything of ::/0"),
    "wider range": (ingress({**PERMISSION, "ToPort": 9000}), "tcp 8443 to 9000 of sg-lb"),
    "closed to the balancer": (ingress(), "it does not let in tcp 8443 of sg-lb"),
    "groups": (groups.groups_worn({"SecurityGroups": [{"GroupId": "g", "GroupName": "lab"}]}, "g"), ""),
    "groups of a second interface": (
        groups.groups_worn(
            {
                "SecurityGroups": [{"GroupId": "g", "GroupName": "lab"}],
                "NetworkInterfaces": [{"Groups": [{"GroupId": "x", "GroupName": "open"}]}],
            },
            "g",
        ),
        "open (x) too",
    ),
    "IMDSv2": (host.metadata_faults({"HttpTokens": "required", "HttpPutResponseHopLimit": 1}), ""),
    "IMDSv1": (host.metadata_faults({"HttpTokens": "optional", "HttpPutResponseHopLimit": 1}), "IMDSv1"),
    "two hops": (host.metadata_faults({"HttpTokens": "required", "HttpPutResponseHopLimit": 2}), "2 hops"),
    "disk": (host.disk_faults([{"VolumeId": "v", "Encrypted": True}]), ""),
    "plain disk": (host.disk_faults([{"VolumeId": "v", "Encrypted": False}]), "v is not encrypted"),
    "trust": (host.trust(TRUST), ""),
    "trust another": (host.trust(but(TRUST, "Statement", 0, "Principal", {"AWS": "x"})), "may take its role"),
    "policies": (host.policies(["Core"], ["parameters"], ROLE), ""),
    "policy too many": (host.policies(["Core", "Admin"], ["parameters"], ROLE), "managed policies Admin besides"),
    "inline policy too many": (host.policies(["Core"], ["parameters", "x"], ROLE), "inline policies x besides"),
    "policy missing": (host.policies(["Core"], [], ROLE), "lacks the inline policies parameters"),
    "one parameter": (host.readable([READ, READ_NO_OTHERS], PARAMETER), ""),
    "with a key of KMS": (
        host.readable([READ, READ_NO_OTHERS, {"Effect": "Allow", "Action": "kms:Decrypt"}], PARAMETER),
        "",
    ),
    "all parameters": (
        host.readable([but(READ, "Resource", "*"), READ_NO_OTHERS], PARAMETER),
        "may read the parameters *",
    ),
    "denial lost": (host.readable([READ], PARAMETER), "not denied all other parameters"),
    "pool": (pool.pool_faults(POOL, LOGIN, protected=True), ""),
    "pool unprotected": (pool.pool_faults({"Domain": "lab"}, LOGIN, protected=True), "deleted by mistake"),
    "pool unprotected on purpose": (pool.pool_faults({"Domain": "lab"}, LOGIN, protected=False), ""),
    "pool elsewhere": (pool.pool_faults({**POOL, "Domain": "x"}, LOGIN, protected=True), "is at x, not at lab.auth"),
    "no functions": (pool.trigger_faults({}, {}), ""),
    "functions wanted": (
        pool.trigger_faults(
            {
                "PreSignUp": "f",
                "PreTokenGenerationConfig": {"LambdaArn": "f", "LambdaVersion": "V1_0"},
                "KMSKeyID": "k",
            },
            {"PreSignUp": "f", "PreTokenGeneration": "f"},
        ),
        "",
    ),
    "another function in the newer form": (
        pool.trigger_faults({"PreTokenGenerationConfig": {"LambdaArn": "x"}}, {"PreTokenGeneration": "f"}),
        "PreTokenGeneration is x, not f",
    ),
    "function of a stranger": (pool.trigger_faults({"PreSignUp": "x"}, {}), "PreSignUp is x, not no function"),
    "function gone": (pool.trigger_faults({}, {"PreSignUp": "f"}), "PreSignUp is no function, not f"),
    "client": (pool.client_faults(CLIENT, "site"), ""),
    "callback too many": (
        pool.client_faults(but(CLIENT, "CallbackURLs", [*CLIENT["CallbackURLs"], "https://x/"]), "site"),
        "CallbackURLs are https://site/oauth2/idpresponse and https://x/",
    ),
    "implicit flow": (
        pool.client_faults(but(CLIENT, "AllowedOAuthFlows", ["code", "implicit"]), "site"),
        "code and implicit",
    ),
    "passwords": (
        pool.client_faults(but(CLIENT, "ExplicitAuthFlows", ["ALLOW_USER_PASSWORD_AUTH"]), "site"),
        "passwords",
    ),
    "passwords that are never sent": (
        pool.client_faults(but(CLIENT, "ExplicitAuthFlows", ["ALLOW_USER_SRP_AUTH"]), "site"),
        "passwords",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_said(name):
    said, words = CASES[name]
    told = "; ".join(said)
    assert words in told if words else told == ""


# --- What is asked -----------------------------------------------------------------------------------------------

EMPTY = {
    "list_distributions": {"DistributionList": {"Quantity": 0}},
    "list_key_groups": {"KeyGroupList": {"Quantity": 0}},
    "describe_load_balancers": aws_error("LoadBalancerNotFound"),
    "describe_target_groups": {"TargetGroups": []},
    "describe_instances": {"Reservations": []},
    "list_user_pools": {"UserPools": []},
}


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (cdn.distribution_exists, "no distribution of lab in this account has the alternate name data.lab.test"),
        (cdn.keys_asked, "there is no key group lab"),
        (balancer.load_balancer_exists, "there is no load balancer lab"),
        (balancer.targets, "there is no target group lab-https-8443"),
        (host.instance_runs, "no instance has the name"),
        (pool.sign_up, "there is no user pool lab"),
    ],
)
def test_what_is_not_there_is_said_once(test, words):
    assert words in "".join(test(context_of(EMPTY)))


@pytest.mark.parametrize(
    "find",
    [
        find_distribution.distribution,
        find_signing_keys.key_group,
        find_load_balancer.load_balancer,
        find_instance.instance,
        find_user_pool.user_pool,
    ],
)
def test_and_is_a_reason_to_leave_the_rest_open(find):
    with pytest.raises(Skipped, match="see "):
        find(context_of(EMPTY))


def test_the_secret_of_the_app_client_is_kept_by_nobody():
    answers = {
        "list_user_pools": {"UserPools": [{"Name": "lab", "Id": "p"}]},
        "describe_user_pool": {"UserPool": {"Id": "p"}},
        "list_user_pool_clients": {"UserPoolClients": [{"ClientName": "lab", "ClientId": "c"}]},
        "describe_user_pool_client": {"UserPoolClient": {"ClientId": "c", "ClientSecret": "s"}},
    }
    assert find_user_pool.app_client(context_of(answers)) == {"ClientId": "c", "ClientSecret": True}


@pytest.mark.parametrize(("others", "told"), [([], "app clients lab-igv too"), (["lab-igv"], "")])
def test_app_clients_beside_the_load_balancers(others, told):
    answers = {
        "list_user_pools": {"UserPools": [{"Name": "lab", "Id": "p"}]},
        "describe_user_pool": {"UserPool": {"Id": "p"}},
        "list_user_pool_clients": {"UserPoolClients": [{"ClientName": name} for name in ("lab", "lab-igv")]},
    }
    found = "".join(pool.clients(context_of(answers, other_app_clients=others)))
    assert (told in found) if told else not found


@pytest.mark.parametrize(("held", "key"), [([], ""), (["mri/", "mri/a b"], "mri/a%20b")])
def test_an_object_to_try(held, key):
    assert an_object(context_of({"list_objects_v2": {"Contents": [{"Key": name} for name in held]}})) == key


def test_a_bucket_that_may_not_be_listed_is_no_failure():
    assert an_object(context_of({"list_objects_v2": aws_error("AccessDenied")})) == ""


AWS = "https://s3.eu-central-1.amazonaws.com"
OBJECTS = {
    "get_bucket_location": {"LocationConstraint": "eu-central-1"},
    "list_objects_v2": {"Contents": [{"Key": "a"}]},
}


@pytest.mark.parametrize(
    ("name", "endpoint", "written"),
    [
        ("lab-data", AWS, [f"{AWS}/lab-data", "https://lab-data.s3.eu-central-1.amazonaws.com"]),
        ("lab.data", AWS, [f"{AWS}/lab.data"]),
        ("lab-data", "http://127.0.0.1:4566", ["http://127.0.0.1:4566/lab-data"]),
    ],
)
def test_addresses_of_a_bucket(name, endpoint, written):
    assert bucket.addresses(endpoint, name) == written


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([(".*", Answer(403, ()))], ""),
        ([(".*/a", Answer(206, ())), (".*", Answer(403, ()))], "/lab-data/a is answered with 206"),
        (
            [(r"https://lab-data\..*list.*", Answer(200, ())), (".*", Answer(403, ()))],
            "max-keys=1 is answered with 200",
        ),
    ],
)
def test_strangers_at_s3(monkeypatch, answers, words):
    context = context_of(OBJECTS)
    monkeypatch.setattr(
        context.aws,
        "client",
        lambda *_, **__: types.SimpleNamespace(
            meta=types.SimpleNamespace(endpoint_url=AWS),
            **{operation: lambda answer=answer, **_: answer for operation, answer in OBJECTS.items()},
        ),
    )
    asked = verify_fakes.site(monkeypatch, bucket.web, *answers)
    said = "; ".join(bucket.direct(context))
    assert words in said if words else said == ""
    assert len(asked) == 4


def test_blocks_are_judged_as_preflight_judges_them():
    blocks = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "RestrictPublicBuckets"], True)
    held = {"PublicAccessBlockConfiguration": {**blocks, "BlockPublicPolicy": False}}
    assert list(bucket.block(context_of({"get_bucket_location": {}, "get_public_access_block": held}))) == [
        "it does not block all public access (BlockPublicPolicy off)"
    ]


def test_knocking():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # without listening: nobody answers there, and nobody else can
        silent, open_ = bound.getsockname()[1], listener.getsockname()[1]
        assert host.knock(["127.0.0.1"], [silent, open_]) == [("127.0.0.1", open_)]


@pytest.fixture
def instance_look():
    return context_of({"describe_instances": {"Reservations": [{"Instances": [{"PublicIpAddress": "198.51.100.9"}]}]}})


def test_an_address_that_answers(monkeypatch, instance_look):
    monkeypatch.setattr(host.web, "answers", lambda address, port, _: (address, port) == ("198.51.100.9", 22))
    assert list(host.instance_unreachable(instance_look)) == ["port 22 of 198.51.100.9 answers"]


def test_a_network_that_answers_for_everything(monkeypatch, instance_look):
    monkeypatch.setattr(host.web, "answers", lambda *_: True)
    with pytest.raises(Skipped, match="do not exist"):
        list(host.instance_unreachable(instance_look))
