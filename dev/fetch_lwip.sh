#!/usr/bin/env bash
# Puts lwIP's source into a folder, from Debian's source package, by an apt configuration of its own: nothing of the
# system is changed. Ends with 1, and says why, where that cannot be had.
set -euo pipefail
to=$1
version=2.1.3+dfsg1-2
[[ ! -e $to/src/include/lwip/init.h ]] || exit 0

say() { echo "lwip: $*" >&2; exit 1; }
command -v dpkg-source >/dev/null || say "dpkg-source is missing (package dpkg-dev)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial,sources}

# The machine's own mirror and keys, asked for source packages.
uri=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -1)
[[ -n $uri ]] || uri=$(awk '$1 == "deb" && /debian/ {for (i = 2; i <= NF; ++i) if ($i ~ /^http/) {print $i; exit}}' \
    /etc/apt/sources.list 2>/dev/null || true)
[[ -n $uri ]] || say "no Debian mirror in /etc/apt"
cat >"$work/sources/source.sources" <<SOURCE
Types: deb-src
URIs: $uri
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCE
options=(-o "Dir::Etc::SourceList=/dev/null" -o "Dir::Etc::SourceParts=$work/sources" -o "Dir::State::Lists=$work/lists"
         -o "Dir::Cache=$work/cache" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=" -qq)
((EUID != 0)) || options+=(-o "APT::Sandbox::User=root")
apt-get "${options[@]}" update >&2 || say "apt-get update failed for $uri"
(cd "$work" && apt-get "${options[@]}" source --download-only "lwip=$version" >&2) || say "$uri has no source of lwip $version"
(cd "$work" && dpkg-source --no-check -x lwip_*.dsc lwip >/dev/null) || say "the source package cannot be unpacked"
mkdir -p "$(dirname "$to")"
rm -rf "$to"
mv "$work/lwip" "$to"
