#!/bin/sh
# Usage: release VERSION POSTINST
# Publishes a version of the package `demo`, a service with a program of its own, in a source of packages on this host.
set -eu
version=$1 postinst=$2 root=/srv/packages
build=$(mktemp -d)
chmod 0755 "$build"

mkdir -p "$root" "$build/DEBIAN" "$build/usr/lib/demo" "$build/lib/systemd/system"
# A copy of its own for each version: what runs, runs what the update has replaced.
cp /bin/sleep "$build/usr/lib/demo/daemon"
printf '[Service]\nExecStart=/usr/lib/demo/daemon infinity\n' >"$build/lib/systemd/system/demo.service"
printf 'Package: demo\nVersion: %s\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: service\n' "$version" >"$build/DEBIAN/control"
printf '#!/bin/sh\nsystemctl daemon-reload\nsystemctl start demo\n%s\n' "$postinst" >"$build/DEBIAN/postinst"
chmod 0755 "$build/DEBIAN/postinst"
file=demo_$version.deb
dpkg-deb --root-owner-group --build "$build" "$root/$file" >/dev/null
rm -r "$build"
{
    dpkg-deb --field "$root/$file"
    printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "./$file" "$(stat -c %s "$root/$file")" "$(sha256sum "$root/$file" | cut -d ' ' -f 1)"
} >>"$root/Packages"
echo "deb [trusted=yes] file:$root ./" >/etc/apt/sources.list.d/demo.list
