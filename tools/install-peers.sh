#!/usr/bin/env bash
# Installs what tests and the demo run against, when it is missing: PostgreSQL, Samba AD DC, slapd, Chromium. Starts no
# service. With --no-browser it leaves out what only tests need: Chromium, the largest of them, and slapd.
set -euo pipefail

declare -A package=(
  [/usr/sbin/samba]=samba
  [/usr/bin/ldbmodify]=ldb-tools
  [/usr/share/samba/setup/provision.ldif]=samba-ad-provision
)
if [ "${1:-}" != --no-browser ]; then
  package+=([/usr/sbin/slapd]=slapd)
  command -v chromium-browser google-chrome >/dev/null || package+=([/usr/lib/chromium/chromium-headless-shell]=chromium-headless-shell)
fi
missing=()
for file in "${!package[@]}"; do
  [ -e "$file" ] || missing+=("${package[$file]}")
done
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
ls /usr/lib/*/samba/ldb/samba_dsdb.so >/dev/null 2>&1 || missing+=(samba-dsdb-modules)
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ]; then
  run=()
elif sudo -n true 2>/dev/null; then
  run=(sudo -n)
else
  echo "Please install these packages first (this needs root): ${missing[*]}" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo "Please install these packages first (they are named as in Debian): ${missing[*]}" >&2
  exit 1
fi

# Packages of servers start their services when installed; nothing of ours uses those.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${run[@]}" tee "$guard" >/dev/null
  "${run[@]}" chmod +x "$guard"
  trap '"${run[@]}" rm -f "$guard"' EXIT
fi
echo "Installing: ${missing[*]}"
"${run[@]}" apt-get update -qq
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
