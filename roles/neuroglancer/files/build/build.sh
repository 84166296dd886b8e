#!/bin/sh
# Builds the viewer from the files beside this script and nothing else: no setting of a lab is in it.
#   build.sh name           says what the release is called: a checksum of all that goes into it
#   build.sh bundle FOLDER  leaves <name>.tar and <name>.tar.sha256 in FOLDER, for neuroglancer_bundle_dir; on Linux, by anybody, best
#                           where no credentials of AWS are
# The steps of the latter, in the directory of the script; the role takes them on a host, as an unprivileged user:
#   build.sh fetch          gets Node.js and the npm packages by the checksums of the two lock files, and runs no code of any package
#   build.sh compile        bundles, checks, compresses, and leaves dist.tar; needs no network and should get none
set -eu
folder=${2:+$(realpath "$2")}
cd "$(dirname "$0")"

# The role has the same text: {"<file>": "<content>", ...}.
name() {
    python3 -c 'if True:
        import hashlib, json, pathlib
        files = [path for pattern in ("*", "icons/*") for path in pathlib.Path().glob(pattern) if path.is_file()]
        text = json.dumps({str(path): path.read_text(encoding="utf-8") for path in files}, sort_keys=True)
        print(hashlib.sha256(text.encode()).hexdigest()[:16])'
}

fetch() {
    export HOME="$PWD" PATH="$PWD/node/bin:$PATH"
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

compile() {
    export HOME="$PWD" PATH="$PWD/node/bin:$PATH"
    node node_modules/vite/bin/vite.js build
    node finish.js dist
    # The same bytes wherever it is built.
    tar -C dist --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -cf dist.tar .
}

bundle() {
    name=$(name)
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    cp -R . "$work"
    sh "$work/build.sh" fetch
    # Without a network, as on a host, and without what stands in the environment.
    [ "$(id -u)" = 0 ] && as=--net || as="--net --map-root-user"
    # shellcheck disable=SC2086
    env -i PATH="$PATH" unshare $as sh "$work/build.sh" compile
    mv "$work/dist.tar" "$folder/$name.tar.new"
    sha256sum <"$folder/$name.tar.new" | sed "s/-$/$name.tar/" >"$folder/$name.tar.sha256"
    mv "$folder/$name.tar.new" "$folder/$name.tar"
    echo "$folder/$name.tar"
}

"$1"
