#!/usr/bin/env bash
# A core crate decides and does nothing else: it must not be able to reach a clock, a network or a runtime.
set -euo pipefail
cd "$(dirname "$0")/.."

forbidden='tokio|async-nats|proxy-wasm|reqwest|hyper|axum|rand'
status=0
for manifest in */*-core/Cargo.toml; do
    crate=$(sed -n 's/^name = "\(.*\)"/\1/p' "$manifest" | head -n 1)
    tree=$(cargo tree --quiet --package "$crate" --edges normal,build --prefix none --format '{p}')
    found=$(cut -d' ' -f1 <<<"$tree" | grep -xE "$forbidden" | sort -u | paste -sd' ' || true)
    if [ -n "$found" ]; then
        echo "core-purity: $crate depends on $found" >&2
        status=1
    else
        echo "core-purity: $crate is pure"
    fi
done
exit $status
