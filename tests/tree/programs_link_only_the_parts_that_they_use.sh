#!/usr/bin/env bash
# With a static library: what is behind a key of the configuration that a program does not mention is not in it.
# usage: programs_link_only_the_parts_that_they_use.sh PLAIN TLS WIFI: programs without any, with TLS, with a Wi-Fi key
set -euo pipefail
has() { nm -C "$1" | grep -c " $2" >/dev/null; }
declare -A parts=([tls]='mqtt_as::detail::tls_transport::' [wifi]='mqtt_as::detail::wifi_station::' [v5]='mqtt_as::wire::v5$')
for part in "${!parts[@]}"; do
    if has "$1" "[A-Za-z] ${parts[$part]}"; then echo "$1 does not use $part, but has it" >&2; exit 1; fi
done
has "$2" "[A-Za-z] ${parts[tls]}" || { echo "$2 uses TLS, but does not have it" >&2; exit 1; }
has "$3" "[A-Za-z] ${parts[wifi]}" || { echo "$3 sets ssid, but has no wifi_station" >&2; exit 1; }
