#!/usr/bin/env bash
# Prints what the engine costs on a Cortex-M0+, from the linked images of dev/size, beside other clients.
set -euo pipefail
build=$1

# The linker's map names each section that stayed, its size, and the archive that it came from.
flash() {
    awk '/^Linker script and memory map/ {kept = 1}
         kept && /^ \.(text|rodata|data)/ && NF == 1 {getline rest; $0 = $0 rest}
         kept && /^ \.(text|rodata|data)/ && /libmqtt_as_engine\.a/ {print $3}' "$build/bin/$1.map" |
        while read -r size; do echo $((size)); done | awk '{sum += $1} END {print sum}'
}
symbol=$(arm-none-eabi-nm -S "$build/dev/size/CMakeFiles/size_state.dir/state.cpp.obj" | awk '/engine_state/ {print $2}')
state=$((16#$symbol))
v311=$(flash size_v311)
both=$(flash size_both)

row() { printf '%-22s %8s  %-30s %-10s %s\n' "$@"; }
row "Cortex-M0+, -Os" "flash" "state" "reconnects" "resends qos 1"
row "mqtt_as 3.1.1" "$v311" "$state B + buffers" "yes" "yes, with DUP"
row "mqtt_as 3.1.1 and 5" "$both" "$state B + buffers" "yes" "yes, with DUP"
grep -v '^#' dev/size/peers.tsv | while IFS=$'\t' read -r client flash state reconnects resends; do
    row "$client" "$flash" "$state" "$reconnects" "$resends"
done
