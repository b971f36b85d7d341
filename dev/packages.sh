#!/usr/bin/env bash
# Installs those of the named Debian packages that are missing, and starts no service by it.
set -euo pipefail

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
if [[ ! -e $policy ]]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi
is_service() { compgen -G "/etc/init.d/$1" || compgen -G "/*/systemd/system/$1.service" || compgen -G "/usr/lib/systemd/system/$1.service"; }
new_service=
if [[ " ${missing[*]} " == *" mosquitto "* ]] && ! is_service mosquitto >/dev/null; then new_service=mosquitto; fi

export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
options=(--yes --quiet --no-install-recommends --no-remove -o DPkg::Lock::Timeout=120)
echo "packages: installing ${missing[*]}" >&2
apt-get update --quiet >&2 || echo "packages: warning: apt-get update failed, going on with the lists that are there" >&2

if ! apt-get install "${options[@]}" "${missing[@]}" >&2; then
    for package in "${missing[@]}"; do
        plan=$(apt-get install --simulate --no-install-recommends "$package" 2>&1) || {
            echo "packages: $package cannot be installed: $(grep -m 1 '^E:' <<<"$plan")" >&2
            continue
        }
        in_its_way=$(awk '/^Remv/ {printf " %s", $2}' <<<"$plan")
        [[ -z $in_its_way ]] || echo "packages: $package conflicts with what is installed; remove it first, if nothing" \
            "needs it, or work in a container: apt-get remove$in_its_way" >&2
    done
    echo "packages: installation failed, see above" >&2
    exit 1
fi

# Nor shall the next boot start it.
if [[ $new_service ]]; then
    if [[ -d /run/systemd/system ]]; then systemctl --quiet disable --now "$new_service" || true
    else update-rc.d "$new_service" disable >/dev/null || true; fi
fi
