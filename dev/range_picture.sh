#!/usr/bin/env bash
# Draws docs/range.png anew: a minute of `mqtt-as range` on a private Mosquitto that is killed, restarted and halted, and
# its page as Chromium shows it. Usage: range_picture.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(readlink -f "${1:-build/release/bin/mqtt-as}") picture=$PWD/docs/range.png
PATH=$PATH:/usr/sbin
folder=$(mktemp -d)
cd "$folder"
cat >mosquitto.conf <<CONF
listener 0 broker
allow_anonymous true
persistence true
persistence_location $folder/
autosave_on_changes true
autosave_interval 1
CONF
((EUID)) || echo "user root" >>mosquitto.conf

broker=
start_broker() { mosquitto -c mosquitto.conf >>mosquitto.log 2>&1 & broker=$!; }
trap '[[ ! $broker ]] || kill -KILL "$broker"; rm -rf "$folder"' EXIT
start_broker
until [[ -S broker ]]; do sleep 0.1; done

"$program" range --unix broker --duration 60 --interval 0.1 --max-down 20 --html report.html >report.txt &
range=$!
sleep 15
kill -KILL "$broker"; { wait "$broker"; } 2>/dev/null || true  # an outage
sleep 4
start_broker
sleep 14
kill -STOP "$broker"; sleep 1.5; kill -CONT "$broker"  # and a broker that thinks for a while
wait "$range" || true
tail -n 1 report.txt

chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=900,600 --screenshot=range.png \
    "file://$folder/report.html" 2>chromium.log || { cat chromium.log >&2; exit 1; }
mv range.png "$picture"
echo "drawn: $picture"
