#!/usr/bin/env bash
# fetch_sources.sh FOLDER PACKAGE=VERSION...: puts the sources of Debian packages into FOLDER/PACKAGE, by an apt
# configuration of its own: nothing of the system is changed. Ends with 1, and says why, where they cannot be had.
set -euo pipefail
to=$(realpath "$1")
missing=()
for package in "${@:2}"; do [[ -d $to/${package%%=*} ]] || missing+=("$package"); done
((${#missing[@]})) || exit 0

say() { echo "sources: $*" >&2; exit 1; }
command -v dpkg-source >/dev/null || say "dpkg-source is missing (package dpkg-dev)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial,sources} "$to"

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
cd "$work"
for package in "${missing[@]}"; do
    name=${package%%=*}
    apt-get "${options[@]}" source --download-only "$package" >&2 || say "$uri has no source of $package"
    dpkg-source --no-check -x "$name"_*.dsc "$name" >/dev/null || say "the source package of $name cannot be unpacked"
    mv "$work/$name" "$to/$name"
done
