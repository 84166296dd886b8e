# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that the site is served: fail if nginx on this host does not answer with 200.

    nginx_watch.py PORT PATH

One JSON line reports success (standard output) or the fault (standard error). A host on which the viewer is still being
built serves no site: nothing is a fault before the first success, which a file in STATE_DIRECTORY marks.

Runs on Python 3.10 (Ubuntu 22.04) and later.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import sys
import time
from pathlib import Path

ATTEMPTS, PAUSE = 3, 5  # a restart of nginx is no fault
TIMEOUT = 10


def fault(port: int, path: str) -> str:
    """Why the site is not served; empty if it is."""
    context = ssl.create_default_context()
    # The certificate is nginx's own, for no name.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=TIMEOUT, context=context)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read(200).decode("utf-8", "replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return f"nothing answers at {path}: {error!r}"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"{path} was answered with {answer.status}: {text}"


def lasting_fault(port: int, path: str) -> str:
    """A fault that is there each time."""
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE if attempt else 0)
        if not (found := fault(port, path)):
            break
    return found


def main(arguments: list[str]) -> int:
    """The command line; returns the exit status."""
    port, path = arguments
    marker = Path(os.environ["STATE_DIRECTORY"], "was-served")
    found = lasting_fault(int(port), path)
    if found and marker.exists():
        print(json.dumps({"event": "failed", "reason": found}), file=sys.stderr)
        return 1
    if not found:
        marker.touch()
    print(json.dumps({"event": "watched", "well": not found}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
