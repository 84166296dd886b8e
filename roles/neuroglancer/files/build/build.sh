#!/bin/sh
# Builds the viewer in the directory that holds this script, in two steps, both as an unprivileged user:
#   build.sh fetch   gets Node.js and the npm packages by the checksums of the two lock files, and runs no code of any package
#   build.sh bundle  patches, bundles, checks, compresses, and leaves dist.tar; needs no network and should get none
set -eu
cd "$(dirname "$0")"
export HOME="$PWD" PATH="$PWD/node/bin:$PATH"

fetch() {
    python3 -m venv node
    node/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --only-binary :all: \
        --require-hashes -r node-requirements.txt
    # Node.js brings a list of certificate authorities of its own; the host's list is the one its owner keeps.
    export NODE_OPTIONS=--use-system-ca
    npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --cache .npm || {
        echo "npm ci failed; the host must reach the npm registry, $(npm config get registry)" >&2
        exit 1
    }
}

bundle() {
    python3 patch_credentials.py node_modules/neuroglancer
    node node_modules/vite/bin/vite.js build
    node finish.js dist
    tar -C dist -cf dist.tar .
}

"$1"
