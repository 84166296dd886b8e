# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make Neuroglancer send the browser's cookies to the data hosts that need them, and to no other.

Usage: patch_credentials.py TARGET

TARGET is http_request.js or http_request.ts, or a directory that holds one: the npm package `neuroglancer`, or its
source tree. The page then names the hosts in two globals, before it loads the viewer:
NEUROGLANCER_CREDENTIALS_ORIGINS, a list of origins (without it the patch does nothing), and
NEUROGLANCER_CREDENTIALS_RENEW_URL, a path on the viewer's own origin that hands out new cookies.
Workers, which do not see the page's globals, get both from whoever starts them, in their name.

Exit status: 0 patched or unchanged; 2 not patched, and nothing was written.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import sys
import tempfile

# Where the file lies: the npm package, the source tree since 2.40, the source tree before.
PLACES = ("lib/util/http_request.js", "src/util/http_request.ts", "src/neuroglancer/util/http_request.ts")

# Found by its text: its line differs from version to version.
ANCHOR = "response = await fetch(input, init);"
CALL = "response = await fetchWithOriginCredentials(input, init);"

# One text for both languages: what stands between « and » is TypeScript only.
FUNCTIONS = """
// ---- Cookies for the data hosts that need them, and for no other (not part of upstream) ----
«
declare const NEUROGLANCER_CREDENTIALS_ORIGINS: string[] | undefined;
declare const NEUROGLANCER_CREDENTIALS_RENEW_URL: string | undefined;
interface Credentials {
  origins: Set<string>;
  renewUrl: string;
}
»
function credentialsOfPage()«: Credentials» {
  return {
    origins: new Set(
      typeof NEUROGLANCER_CREDENTIALS_ORIGINS === "undefined"
        ? []
        : NEUROGLANCER_CREDENTIALS_ORIGINS,
    ),
    renewUrl:
      typeof NEUROGLANCER_CREDENTIALS_RENEW_URL === "undefined"
        ? ""
        : NEUROGLANCER_CREDENTIALS_RENEW_URL,
  };
}

function credentialsOfWorker()«: Credentials» {
  try {
    const { origins, renewUrl } = JSON.parse(self.name);
    return { origins: new Set(origins), renewUrl };
  } catch {
    return { origins: new Set(), renewUrl: "" };
  }
}

// A page does not go by its name: whoever opens a window chooses that.
const credentials =
  typeof document === "undefined" ? credentialsOfWorker() : credentialsOfPage();

if (typeof Worker !== "undefined") {
  const name = JSON.stringify({
    origins: [...credentials.origins],
    renewUrl: credentials.renewUrl,
  });
  globalThis.Worker = class extends Worker {
    constructor(url«: string | URL», options«?: WorkerOptions») {
      super(url, { ...options, name });
    }
  };
}

const renewalKeptMilliseconds = 30000;

let authChannel«: BroadcastChannel | undefined»;
let renewal«: Promise<boolean> | undefined»;
let renewalKeptUntil = 0;

async function requestCookies()«: Promise<boolean>» {
  try {
    // A redirect leads to a login page, which only a person can use.
    const response = await fetch(credentials.renewUrl, {
      cache: "no-store",
      redirect: "error",
    });
    return response.ok;
  } catch {
    return false;
  }
}

// One renewal at a time, its result kept for a while: chunks fail in bursts.
function renewCookies()«: Promise<boolean>» {
  if (credentials.renewUrl === "") return Promise.resolve(false);
  if (renewal === undefined || Date.now() >= renewalKeptUntil) {
    renewalKeptUntil = Infinity;
    renewal = requestCookies().finally(() => {
      renewalKeptUntil = Date.now() + renewalKeptMilliseconds;
    });
  }
  return renewal;
}

function isRejected(response«: Response | undefined»)«: boolean» {
  return response === undefined || response.status === 403;
}

async function fetchWithOriginCredentials(
  input«: RequestInfo | URL»,
  init«?: RequestInit»,
)«: Promise<Response>» {
  // A Request brings credentials of its own; a caller may name some: both are left alone.
  const url = input instanceof Request ? undefined : String(input);
  if (
    url === undefined ||
    init?.credentials !== undefined ||
    !credentials.origins.has(new URL(url, self.location.href).origin)
  ) {
    return fetch(input, init);
  }
  const attempt = async ()«: Promise<Response | undefined>» => {
    try {
      return await fetch(url, { ...init, credentials: "include" });
    } catch (error) {
      // A refusal without CORS headers looks like this; being offline does, too.
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  };
  let response = await attempt();
  if (isRejected(response) && (await renewCookies())) {
    response = await attempt();
  }
  if (response === undefined || isRejected(response)) {
    init?.signal?.throwIfAborted();
    (authChannel ??= new BroadcastChannel("neuroglancer-auth")).postMessage({
      url,
    });
    // 0, 403 and 404 would be drawn as empty chunks, without a word.
    throw new HttpError(
      url,
      401,
      "Not signed in, no permission, or offline",
      response,
    );
  }
  return response;
}
"""


class CannotPatchError(Exception):
    """The file is not one that this program can patch."""


def functions(suffix: str) -> str:
    """The appended functions in the language that the file's suffix names."""
    typed = suffix == ".ts"
    text = re.sub(r"^«\n(.*?)^»\n", r"\1" if typed else "", FUNCTIONS, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"«(.*?)»", r"\1" if typed else "", text)


def locate(target: pathlib.Path) -> pathlib.Path:
    """The file to patch: the target itself, or the one that it holds."""
    if target.is_file():
        return target
    found = [path for path in (target / place for place in PLACES) if path.is_file()]
    if len(found) != 1:
        raise CannotPatchError(f"{target}: expected one of {', '.join(PLACES)}, found {len(found)}")
    return found[0]


def patched(path: pathlib.Path, text: str) -> str:
    """The text with our call and our functions in it; the same text if it has them."""
    addition = functions(path.suffix)
    if CALL in text and text.endswith(addition):
        return text
    count = text.count(ANCHOR)
    if count != 1:
        raise CannotPatchError(f"{path}: expected the text {ANCHOR!r} once, found it {count} times")
    return text.replace(ANCHOR, CALL) + addition


def write(path: pathlib.Path, text: str) -> None:
    """Replace the file in one step, so that a failure leaves the old one."""
    handle, new = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        shutil.copymode(path, new)
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def main(arguments: list[str]) -> int:
    """Patch the target named by the one argument and say what was done."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        path = locate(pathlib.Path(arguments[0]))
        with path.open(encoding="utf-8", newline="") as file:
            before = file.read()
        after = patched(path, before)
        if after != before:
            write(path, after)
    except (CannotPatchError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print("unchanged:" if after == before else "patched:", path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
