#!/usr/bin/env bash
# Installs those of the named Debian packages that are missing, and starts no service by it.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin  # dpkg needs these, and a plain `su` leaves them out

missing=()
if ! command -v dpkg-query >/dev/null; then
    echo "packages: this is not Debian; these packages or their like are needed: $*" >&2
    exit 0
fi
for package; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

if ((EUID != 0)); then
    self=$(readlink -f "$0")
    if sudo -n true 2>/dev/null; then exec sudo -n "$self" "${missing[@]}"; fi
    if command -v sudo >/dev/null; then echo "packages: please type: sudo $self ${missing[*]}" >&2
    else echo "packages: please type: su -c '$self ${missing[*]}'" >&2; fi
    exit 1
fi

# Debian starts a service as soon as its package is unpacked: Mosquitto would take port 1883. While a policy-rc.d says
# 101, nothing is started and nothing that runs is restarted. An administrator's own policy stays in charge.
policy=/usr/sbin/policy-rc.d
own_policy=
if [[ ! -e $policy ]]; then
    own_policy=yes
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi

# One that was there before, from a package or not, is none of our business.
new_services=()
has_service() { [[ $(ls /etc/init.d/"$1" /{etc,run,lib,usr/lib}/systemd/system/"$1".{service,socket} 2>/dev/null) ]]; }
for service in mosquitto ejabberd rabbitmq-server epmd; do  # epmd comes with Erlang, which two of the brokers are written in
    has_service "$service" || new_services+=("$service")
done

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
options=(--yes -qq --no-install-recommends --no-remove -o DPkg::Lock::Timeout=120)
echo "packages: installing ${missing[*]}" >&2
apt-get update -qq >&2 || echo "packages: warning: apt-get update failed, going on with the lists that are there" >&2

if ! apt-get install "${options[@]}" "${missing[@]}" >&2; then
    for package in "${missing[@]}"; do
        plan=$(apt-get install --simulate --no-install-recommends "$package" 2>&1) || {
            echo "packages: $package cannot be installed: $(grep -m 1 '^E:' <<<"$plan")" >&2
            continue
        }
        in_its_way=$(awk '/^Remv/ {printf sep $2; sep = " "}' <<<"$plan")
        [[ -z $in_its_way ]] || echo "packages: $package conflicts with $in_its_way, which is installed; if nothing needs" \
            "that, type: apt-get remove $in_its_way; else work in a container" >&2
    done
    echo "packages: not installed, see above: ${missing[*]}" >&2
    exit 1
fi

# Nor shall the next boot start it.
for service in "${new_services[@]}"; do
    has_service "$service" || continue
    [[ $own_policy || ! -e /etc/init.d/$service ]] || service "$service" stop
    if command -v systemctl >/dev/null; then
        for unit in "$service".{service,socket}; do
            [[ -z $(systemctl list-unit-files --no-legend "$unit") ]] || systemctl --quiet disable "$unit"
        done
    fi
    [[ ! -e /etc/init.d/$service ]] || update-rc.d "$service" disable >/dev/null
done
