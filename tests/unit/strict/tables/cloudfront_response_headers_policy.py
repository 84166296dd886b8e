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


def before(account):
    for name in ("a", "z"):
        headers = {"Quantity": 1, "Items": [{"Header": "X-Of", "Value": name, "Override": True}]}
        account.cloudfront.put("ResponseHeadersPolicy", name, {"Name": name, "CustomHeadersConfig": headers})


TABLES = [
    Table(
        module="cloudfront_response_headers_policy",
        kind="ResponseHeadersPolicy",
        before=before,
        asked={"name": "p", "cors_config": CORS},
        identity=frozenset({"name"}),
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
        },
        update="UpdateResponseHeadersPolicy",
        theirs={
            "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}},
            "ServerTimingHeadersConfig": {"Enabled": True, "SamplingRate": 5.0},
            "CustomHeadersConfig": [{"Header": "X-Lab", "Value": "1", "Override": True}],
            "RemoveHeadersConfig": [{"Header": "Server"}],
        },
    )
]
