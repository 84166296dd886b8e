# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look after the gate: fail if it does not answer, had to be started again, or got no key lately.

    session_gate_watch.py CONFIG

One JSON line says that all is well (standard output), or what is wrong (standard error). The count of the gate's
restarts is kept in RUNTIME_DIRECTORY, so that each is told once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from session_gate import ASK_SECONDS, Config, ConfigError, ask, load_config, status

UNIT = "session-gate.service"


def restarts(memory: Path) -> int:
    """How often systemd has started it anew by itself since the last look; `memory` is a file that keeps the count."""
    command = ["systemctl", "show", "--property=NRestarts", "--value", UNIT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS, check=True)
    count, known = int(done.stdout), int(memory.read_text()) if memory.exists() else 0
    memory.write_text(str(count))
    return count if count < known else count - known  # an administrator's restart sets the count back


def watch(config: Config) -> dict[str, Any]:
    """Look after the one that answers. Raises ConfigError with what is wrong."""
    try:
        again = restarts(Path(os.environ["RUNTIME_DIRECTORY"], "restarts"))
    except (OSError, LookupError, ValueError, subprocess.SubprocessError) as error:
        raise ConfigError(f"{UNIT} can't be looked after: {error}") from error
    answer, _body = ask(config, "/")
    if answer != 401:
        raise ConfigError(f"a question without a token is answered with {answer}, not with 401")
    if again:
        raise ConfigError(f"{UNIT} ended {again} time{'s' * (again > 1)} and was started anew, its journal says why")
    if trouble := status(config).get("trouble"):
        raise ConfigError(str(trouble))
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
