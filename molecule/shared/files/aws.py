"""As much of AWS as the host roles ask for, on the host itself: the credentials of its role, and one SSM parameter.

Usage: aws.py FILE, where FILE holds the parameter's value.
"""

from __future__ import annotations

import http.server
import json
import pathlib
import sys
import time

PORT = 1338
CREDENTIALS = "/latest/meta-data/iam/security-credentials/"


def credentials() -> str:
    """What the metadata service tells of the instance's role."""
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 6 * 3600))
    keys = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "example", "Token": "example"}
    return json.dumps({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": end, "Expiration": end, **keys})


class Handler(http.server.BaseHTTPRequestHandler):
    """The instance's metadata (PUT, GET) and SSM (POST)."""

    def do_PUT(self) -> None:
        """A token of the metadata service."""
        self._answer(200, "token")

    def do_GET(self) -> None:
        """The name of the role, and its credentials."""
        known = {CREDENTIALS: "host", f"{CREDENTIALS}host": credentials()}
        self._answer(200 if self.path in known else 404, known.get(self.path, ""))

    def do_POST(self) -> None:
        """GetParameter; nothing else is allowed."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        signed = "Credential=ASIAEXAMPLE/" in self.headers.get("Authorization", "")
        if not signed or self.headers["X-Amz-Target"] != "AmazonSSM.GetParameter":
            self._answer(400, json.dumps({"__type": "AccessDeniedException", "message": "not allowed here"}))
            return
        value = pathlib.Path(sys.argv[1]).read_text()
        found = {"Name": asked["Name"], "Type": "SecureString", "Value": value, "Version": 1}
        self._answer(200, json.dumps({"Parameter": found}))

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
