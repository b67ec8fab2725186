#!/usr/bin/env bash
# Licences, bans and sources of the dependencies, by deny.toml. Advisories need their database from the network:
# they are checked where it can be fetched, and said to be unchecked elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PATH"

if ! cargo deny --version >/dev/null 2>&1; then
    echo "deny: skipped, cargo-deny is not installed (make install-cargo-deny takes some minutes)" >&2
    exit 0
fi
cargo deny --locked check bans licenses sources
# Bans are of what services are made of, and Pact is not; its tests run on Linux.
cargo deny --target x86_64-unknown-linux-gnu --manifest-path tests/pacts/Cargo.toml --config deny.toml check licenses sources
if [ "${HOLDFAST_DENY_ADVISORIES:-0}" = 1 ]; then
    cargo deny --locked check advisories
else
    echo "deny: advisories were not checked (HOLDFAST_DENY_ADVISORIES=1 fetches them and does)"
fi
