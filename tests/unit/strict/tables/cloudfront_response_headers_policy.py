"""cloudfront_response_headers_policy, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

CORS = {
    "access_control_allow_origins": ["https://viewer.example.org"],
    "access_control_allow_headers": ["*"],
    "access_control_allow_methods": ["GET", "HEAD"],
    "access_control_allow_credentials": True,
    "origin_override": True,
}

TRANSPORT = "SecurityHeadersConfig.StrictTransportSecurity"
XSS = "SecurityHeadersConfig.XSSProtection"
SECURITY = {
    "strict_transport_security.access_control_max_age_sec": Row(600, 60, f"{TRANSPORT}.AccessControlMaxAgeSec"),
    "strict_transport_security.include_subdomains": Row(True, False, f"{TRANSPORT}.IncludeSubdomains"),
    "strict_transport_security.preload": Row(True, False, f"{TRANSPORT}.Preload"),
    "strict_transport_security.override": Row(True, False, f"{TRANSPORT}.Override"),
    "content_type_options.override": Row(True, False, "SecurityHeadersConfig.ContentTypeOptions.Override"),
    "frame_options.frame_option": Row("DENY", "SAMEORIGIN", "SecurityHeadersConfig.FrameOptions.FrameOption"),
    "frame_options.override": Row(True, False, "SecurityHeadersConfig.FrameOptions.Override"),
    "referrer_policy.referrer_policy": Row(
        "no-referrer", "origin", "SecurityHeadersConfig.ReferrerPolicy.ReferrerPolicy"
    ),
    "referrer_policy.override": Row(True, False, "SecurityHeadersConfig.ReferrerPolicy.Override"),
    "content_security_policy.content_security_policy": Row(
        "default-src 'self'", "default-src 'none'", "SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy"
    ),
    "content_security_policy.override": Row(True, False, "SecurityHeadersConfig.ContentSecurityPolicy.Override"),
    "xss_protection.protection": Row(True, False, f"{XSS}.Protection"),
    "xss_protection.mode_block": Row(True, False, f"{XSS}.ModeBlock"),
    "xss_protection.report_uri": Row("https://a.example.org", "https://b.example.org", f"{XSS}.ReportUri"),
    "xss_protection.override": Row(True, False, f"{XSS}.Override"),
}


def before(account):
    for name in ("a", "z"):
        headers = {"Quantity": 1, "Items": [{"Header": "X-Of", "Value": name, "Override": True}]}
        account.cloudfront.put("ResponseHeadersPolicy", name, {"Name": name, "CustomHeadersConfig": headers})


TABLES = [
    Table(
        module="cloudfront_response_headers_policy",
        kind="ResponseHeadersPolicy",
        before=before,
        asked={
            "name": "p",
            "cors_config": CORS,
            "custom_headers_config": [{"header": "X-Lab", "value": "1", "override": True}],
            "remove_headers_config": [{"header": "Server"}],
        },
        identity=frozenset({"name", "custom_headers_config.header"}),
        rows={
            "comment": Row("CORS", "for the viewer", "Comment"),
            "cors_config.access_control_allow_origins": Row(
                ["https://a.example.org"], ["https://b.example.org"], "CorsConfig.AccessControlAllowOrigins"
            ),
            "cors_config.access_control_allow_headers": Row(["*"], ["Range"], "CorsConfig.AccessControlAllowHeaders"),
            "cors_config.access_control_allow_methods": Row(
                ["GET", "HEAD"], ["GET"], "CorsConfig.AccessControlAllowMethods"
            ),
            "cors_config.access_control_allow_credentials": Row(
                True, False, "CorsConfig.AccessControlAllowCredentials"
            ),
            "cors_config.access_control_expose_headers": Row(
                ["ETag", "Content-Range"], [], "CorsConfig.AccessControlExposeHeaders"
            ),
            "cors_config.access_control_max_age_sec": Row(600, 0, "CorsConfig.AccessControlMaxAgeSec"),
            "cors_config.origin_override": Row(True, False, "CorsConfig.OriginOverride"),
            **{f"security_headers_config.{option}": row for option, row in SECURITY.items()},
            "custom_headers_config.value": Row("1", "2", "CustomHeadersConfig.0.Value"),
            "custom_headers_config.override": Row(True, False, "CustomHeadersConfig.0.Override"),
            "remove_headers_config.header": Row("Server", "Via", "RemoveHeadersConfig.0.Header"),
            "server_timing_headers_config.enabled": Row(True, False, "ServerTimingHeadersConfig.Enabled"),
            "server_timing_headers_config.sampling_rate": Row(5.0, 7.5, "ServerTimingHeadersConfig.SamplingRate"),
        },
        update="UpdateResponseHeadersPolicy",
        apart=frozenset({"CustomHeadersConfig.0.Header"}),
    )
]
