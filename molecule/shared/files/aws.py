"""As much of AWS as the host roles ask for, on the host itself: credentials of its role, a parameter, a topic.

Usage: aws.py FILE, where FILE holds the parameter's value. What is published lies in MAILS, a subject on each line.
As long as REFUSAL holds an error code, Parameter Store answers with that; a number are seconds by which it is late.
"""

from __future__ import annotations

import http.server
import json
import pathlib
import sys
import time
import urllib.parse

MAILS, REFUSAL = pathlib.Path("/var/lib/aws-mails"), pathlib.Path("/run/aws-refusal")
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
        """GetParameter and Publish; nothing else is allowed."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        signed = "Credential=ASIAEXAMPLE/" in self.headers.get("Authorization", "")
        if signed and body.startswith("Action=Publish&"):
            self._publish(dict(urllib.parse.parse_qsl(body)))
        elif signed and self.headers["X-Amz-Target"] == "AmazonSSM.GetParameter":
            self._tell(json.loads(body))
        else:
            self._answer(400, json.dumps({"__type": "AccessDeniedException", "message": "not allowed here"}))

    def _publish(self, asked: dict[str, str]) -> None:
        with MAILS.open("a") as mails:
            mails.write(f"{asked['Subject']}\n")
        answer = "<MessageId>1</MessageId>"
        self._answer(200, f"<PublishResponse><PublishResult>{answer}</PublishResult></PublishResponse>")

    def _tell(self, asked: dict[str, str]) -> None:
        refusal = REFUSAL.read_text().strip() if REFUSAL.exists() else "0"
        if not refusal.isdigit():
            self._answer(400, json.dumps({"__type": refusal, "message": "as the test wants it"}))
            return
        time.sleep(int(refusal))
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
