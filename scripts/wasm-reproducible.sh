#!/usr/bin/env bash
# The same sources and toolchain must give the same filters wherever they are built: builds them a second time, from a
# copy of this folder at another path into another target folder, and compares with what `make wasm` has built.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | tar --null --files-from - --create --ignore-failed-read | tar --extract --directory "$copy"

scripts/build-wasm.sh >/dev/null
(cd "$copy" && CARGO_TARGET_DIR="$copy/elsewhere" scripts/build-wasm.sh >/dev/null)

status=0
for second in "$copy"/elsewhere/wasm32-unknown-unknown/wasm/*.wasm; do
    module=$(basename "$second")
    first=${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/wasm/$module
    if cmp --quiet "$first" "$second"; then
        echo "wasm-reproducible: $module is the same, sha256:$(sha256sum "$second" | cut -d' ' -f1)"
    else
        echo "wasm-reproducible: $module differs" >&2
        status=1
    fi
done
exit $status
