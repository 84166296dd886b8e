# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the session gate: fail if it does not answer, was restarted, or could not fetch a public key lately.

    session_gate_watch.py CONFIG

One JSON line reports success (standard output) or the fault (standard error). The number of the gate's restarts is
kept in RUNTIME_DIRECTORY, so that each is reported once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from session_gate import REQUEST_TIMEOUT, Config, ConfigError, get, load_config, running_status

UNIT = "session-gate.service"


def new_restarts(counter: Path) -> int:
    """Automatic restarts by systemd since the last check; `counter` is a file that holds their number."""
    command = ["systemctl", "show", "--property=NRestarts", "--value", UNIT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=REQUEST_TIMEOUT, check=True)
    count, known = int(done.stdout), int(counter.read_text()) if counter.exists() else 0
    counter.write_text(str(count))
    return count if count < known else count - known  # an administrator's restart sets the count back


def watch(config: Config) -> dict[str, Any]:
    """Check the running service. Raises ConfigError with the fault."""
    try:
        again = new_restarts(Path(os.environ["RUNTIME_DIRECTORY"], "restarts"))
    except (OSError, LookupError, ValueError, subprocess.SubprocessError) as error:
        raise ConfigError(f"Could not read the number of restarts of {UNIT}: {error}") from error
    answer, _body = get(config, "/")
    if answer != 401:
        raise ConfigError(f"a request without a token was answered with {answer}, not with 401")
    if again:
        raise ConfigError(f"{UNIT} ended {again} time{'s' * (again > 1)} and was restarted, its journal says why")
    if last_error := running_status(config).get("last_error"):
        raise ConfigError(str(last_error))
    return {"event": "watched", "well": True}


def main(arguments: list[str]) -> int:
    """The command line; returns the exit status."""
    try:
        (path,) = arguments
        config, _digest = load_config(Path(path))
        print(json.dumps(watch(config)))
    except ConfigError as error:
        print(json.dumps({"event": "failed", "reason": str(error)}), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
