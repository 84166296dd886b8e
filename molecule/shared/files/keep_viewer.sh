#!/bin/sh
# Usage: keep_viewer.sh FROM TO
# Copies the releases in FROM that are not in TO, each whole from the moment that it can be seen. What is older than a day goes
# from TO.
set -eu
from=$1 to=$2

mkdir -p "$to"
find "$to" -mindepth 1 -maxdepth 1 -mmin +1440 -exec rm -rf {} +
for release in "$from"/*; do
    name=${release##*/}
    if [ ! -d "$release" ] || [ -e "$to/$name" ]; then continue; fi
    rm -rf "$to/.new"
    cp -a "$release" "$to/.new"
    mv -T "$to/.new" "$to/$name"
done
