#!/bin/sh
# Usage: publish.sh RELEASES ID ARCHIVE KEEP
# Unpacks ARCHIVE, which a user without rights has made, as RELEASES/ID: owned by whoever runs this, readable by all, whole from the
# moment that it can be seen. Then removes all releases but the KEEP newest ones and the one that RELEASES/../current points to.
set -eu
releases=$1 id=$2 archive=$3 keep=$4
new="$releases/.new"

umask 022
rm -rf "$new"
mkdir "$new"
tar -C "$new" -xmf "$archive" --no-same-owner --no-same-permissions
other=$(find "$new" ! -type f ! -type d)
if [ -n "$other" ] || [ ! -f "$new/index.html" ]; then
    echo "$archive: not a built viewer, which is an index.html with files and directories only; found: $other" >&2
    rm -rf "$new"
    exit 1
fi
chmod -R u=rwX,go=rX "$new"
mv -T "$new" "$releases/$id"

current=$(readlink "$releases/../current" || true)
find "$releases" -mindepth 1 -maxdepth 1 -printf '%T@ %f\n' | sort -rn | cut -d ' ' -f 2- | tail -n "+$((keep + 1))" |
    while read -r old; do
        [ "releases/$old" = "$current" ] || rm -rf "${releases:?}/$old"
    done
