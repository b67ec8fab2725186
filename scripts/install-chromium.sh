#!/usr/bin/env bash
# Makes sure that there is a Chromium for the browser tests: the one that HOLDFAST_CHROMIUM names, the system's, or, as root
# on Debian, the one of its packages.
set -euo pipefail

chromium=${HOLDFAST_CHROMIUM:-/usr/bin/chromium}
if [ -x "$chromium" ]; then
    exit 0
fi
if [ -z "${HOLDFAST_CHROMIUM:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "install-chromium: installing the package chromium" >&2
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >&2
    [ -x "$chromium" ] && exit 0
fi
echo "install-chromium: $chromium is missing: install Chromium (Debian: apt-get install chromium), or set HOLDFAST_CHROMIUM to one" >&2
exit 1
