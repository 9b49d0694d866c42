#!/bin/sh
# Install the real servers, the browser and the Chinese font that the tests use.
# Only as root on Debian or Ubuntu, and only what is missing; elsewhere the tests say what they skip.
set -eu
missing=""
want() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
PATH="$PATH:/usr/sbin:/sbin"
want mosquitto mosquitto
want mosquitto_pub mosquitto-clients
want influxd influxdb
want chromium chromium
want openssl openssl
[ -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc ] || missing="$missing fonts-noto-cjk"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed here (needs root and apt-get):$missing; their tests will be skipped"
    exit 0
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# Servers must not start by themselves: the tests run their own on free loopback ports.
policy=/usr/sbin/policy-rc.d
made=""
if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod +x "$policy"; made=yes; fi
trap '[ -z "$made" ] || rm -f "$policy"' EXIT
log=$(mktemp)
# shellcheck disable=SC2086
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log"
    echo "could not install:$missing"
    [ -z "${REQUIRE_SERVICES:-}" ] || exit 1
fi
