"""Requests of which two servers may take different parts for the body (HTTP desync, request smuggling).

The load balancer's mode "defensive" (User Guide for Application Load Balancers, "Desync mitigation mode"): severe cases
are rejected (by h11 here); ambiguous ones are forwarded, and both connections are closed after the response.
"""

from __future__ import annotations

from aws_edge.http.messages import Request

FRAMING = ("content-length", "transfer-encoding")


def is_ambiguous(request: Request) -> bool:
    """Whether another server might see the end of this request elsewhere."""
    names = [name for name, _value in request.headers]
    disguised = [name for name in names if name.replace("_", "-") in FRAMING and name not in FRAMING]
    bodiless = request.method in ("GET", "HEAD") and request.has_body()
    return bool(disguised) or bodiless or all(name in names for name in FRAMING)
