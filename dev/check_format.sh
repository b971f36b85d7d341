#!/usr/bin/env bash
# Succeeds when clang-format would change no source; `./run format` makes it so.
set -euo pipefail
cd "$(dirname "$0")/.."
dev/sources.sh | xargs clang-format-19 --dry-run -Werror
