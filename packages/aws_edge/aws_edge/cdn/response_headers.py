"""What a response headers policy does to a reply."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from aws_edge.http.messages import Headers, Reply, Request
from aws_edge.http.patterns import matches

Config = dict[str, Any]
METHODS = "GET, DELETE, HEAD, OPTIONS, PATCH, POST, PUT"


def apply(reply: Reply, request: Request, policy: Config) -> Reply:
    """The reply as the policy wants it: first headers are removed, then added."""
    removed = {item["Header"].lower() for item in _items(policy.get("RemoveHeadersConfig"))}
    reply = replace(reply, headers=tuple(pair for pair in reply.headers if pair[0].lower() not in removed))
    cors = policy.get("CorsConfig")
    if cors:
        reply = _add(reply, cors_headers(request, cors), override=bool(cors["OriginOverride"]))
    for name, value, override in [*_security(policy), *_custom(policy)]:
        reply = _add(reply, ((name, value),), override=override)
    return reply


def cors_headers(request: Request, cors: Config) -> Headers:
    """The CORS header fields: nothing but `Vary` for requests of no origin, nothing at all for origins not listed."""
    origin = request.header("origin")
    if not origin:
        # Seen in the field: a plain reply varies, so that browsers don't reuse it for another origin.
        return (("Vary", "Origin"),)
    allowed = _items(cors["AccessControlAllowOrigins"])
    if not any(origin_fits(each, origin) for each in allowed):
        return ()
    headers = [("Access-Control-Allow-Origin", "*" if "*" in allowed else origin)]
    if cors.get("AccessControlAllowCredentials"):
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if exposed := _items(cors.get("AccessControlExposeHeaders")):
        headers.append(("Access-Control-Expose-Headers", ", ".join(exposed)))
    return (*headers, *(_preflight(cors) if _is_preflight(request) else ()))


def origin_fits(allowed: str, origin: str) -> bool:
    """Whether an origin is meant. A wildcard stands for the leftmost part of the host name; no scheme means any."""
    if allowed == "*":
        return True
    scheme, host = allowed.split("://") if "://" in allowed else ("http*", allowed)
    own_scheme, _mark, own_host = origin.partition("://")
    port = re.search(r":\d+$", host)
    return matches(scheme, own_scheme) and matches(host, own_host if port else re.sub(r":\d+$", "", own_host))


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and bool(request.header("access-control-request-method"))


def _preflight(cors: Config) -> Headers:
    methods = _items(cors.get("AccessControlAllowMethods"))
    headers = [("Access-Control-Allow-Methods", METHODS if "ALL" in methods else ", ".join(methods))]
    headers.append(("Access-Control-Allow-Headers", ", ".join(_items(cors.get("AccessControlAllowHeaders")))))
    if "AccessControlMaxAgeSec" in cors:
        headers.append(("Access-Control-Max-Age", str(cors["AccessControlMaxAgeSec"])))
    return tuple(headers)


def _add(reply: Reply, headers: Headers, *, override: bool) -> Reply:
    present = {name.lower() for name, _value in reply.headers}
    if not override:
        return reply.adding(*(pair for pair in headers if pair[0].lower() not in present))
    replaced = {name.lower() for name, _value in headers} - {"vary"}
    kept = tuple(pair for pair in reply.headers if pair[0].lower() not in replaced)
    return replace(reply, headers=(*kept, *headers))


def _custom(policy: Config) -> Iterable[tuple[str, str, bool]]:
    for item in _items(policy.get("CustomHeadersConfig")):
        yield item["Header"], item["Value"], bool(item["Override"])


def _security(policy: Config) -> Iterable[tuple[str, str, bool]]:
    config = policy.get("SecurityHeadersConfig") or {}
    for name, (header, value) in SECURITY.items():
        if name in config:
            yield header, value(config[name]), bool(config[name]["Override"])


def _hsts(config: Config) -> str:
    flags = [("IncludeSubdomains", "includeSubDomains"), ("Preload", "preload")]
    return "; ".join([f"max-age={config['AccessControlMaxAgeSec']}", *(text for key, text in flags if config.get(key))])


def _xss(config: Config) -> str:
    if not config["Protection"]:
        return "0"
    report = [f"report={config['ReportUri']}"] if config.get("ReportUri") else []
    return "; ".join(["1", *(["mode=block"] if config.get("ModeBlock") else []), *report])


SECURITY = {
    "ContentSecurityPolicy": ("Content-Security-Policy", lambda config: config["ContentSecurityPolicy"]),
    "ContentTypeOptions": ("X-Content-Type-Options", lambda _config: "nosniff"),
    "FrameOptions": ("X-Frame-Options", lambda config: config["FrameOption"]),
    "ReferrerPolicy": ("Referrer-Policy", lambda config: config["ReferrerPolicy"]),
    "StrictTransportSecurity": ("Strict-Transport-Security", _hsts),
    "XSSProtection": ("X-XSS-Protection", _xss),
}


def _items(value: Config | None) -> list[Any]:
    return list((value or {}).get("Items") or ())
