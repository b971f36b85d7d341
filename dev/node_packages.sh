#!/usr/bin/env bash
# Installs the Node packages of the interoperability tests below build/interop, as their lock file says.
set -euo pipefail
cd "$(dirname "$0")/.."
there=build/interop
lock=$there/node_modules/.package-lock.json  # npm writes it last
if [[ $lock -nt tests/interop/package-lock.json ]]; then exit 0; fi
mkdir -p "$there"
cp tests/interop/package.json tests/interop/package-lock.json "$there"
npm ci --prefix "$there" --no-audit --no-fund --ignore-scripts --loglevel=error >&2
touch "$lock"
