#!/usr/bin/env bash
# Builds the filters of mesh-filters/ for wasm32 and prints size and SHA-256 of each.
#
#   scripts/build-wasm.sh                            all filters
#   scripts/build-wasm.sh holdfast-filter-fallback   only these packages
#
# HOLDFAST_WASM_FEATURES turns on features of the filters: for tests, into another CARGO_TARGET_DIR.
#
# Two ways, tried in this order; HOLDFAST_WASM_TOOLCHAIN=rustup or =system takes only that one:
#   rustup   the toolchain of rust-toolchain.toml, with the target added by rustup
#   system   where rustup cannot download it: rustc and cargo of /usr/bin with the sources of the standard
#            library (on Debian: apt-get install rustc-web cargo-web rust-web-src), which is built along
#
# The same sources and the same toolchain give the same bytes, whatever the directory and the machine.
# The target is wasm32-unknown-unknown: the filters bring their own ABI and need nothing of a WASI libc.
set -euo pipefail

target=wasm32-unknown-unknown
profile=wasm
root=$(cd "$(dirname "$0")/.." && pwd)
out=${CARGO_TARGET_DIR:-$root/target}/$target/$profile
cargo_home=${CARGO_HOME:-$HOME/.cargo}
filters=("$@")
[ ${#filters[@]} -gt 0 ] || filters=(holdfast-filter-rate-limit holdfast-filter-fallback)

say() { printf 'build-wasm: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

has_target() { rustup target list --installed 2>/dev/null | grep -qx "$target"; }

with_rustup() {
    command -v rustup >/dev/null || { say "rustup is not installed"; return 1; }
    has_target || timeout 120 rustup target add "$target" >&2 || { say "rustup cannot add $target"; return 1; }
    rustc=rustc
    cargo=(cargo)
}

# The system's compiler lacks the target's library but can build it, which its makers let it do with this switch.
with_system() {
    rustc=/usr/bin/rustc
    [ -x $rustc ] && [ -x /usr/bin/cargo ] || { say "/usr/bin has no rustc and cargo"; return 1; }
    local library
    library=$($rustc --print sysroot)/lib/rustlib/src/rust/library
    [ -d "$library" ] || { say "$library is missing: the sources of the standard library"; return 1; }
    linker=$(find_linker) || { say "no rust-lld and no wasm-ld: install lld or any rustup toolchain"; return 1; }
    # The toolchain of rust-toolchain.toml must not get in between.
    export PATH=/usr/bin:$PATH RUSTC=$rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker
    cargo=(/usr/bin/cargo)
    build_std=(-Zbuild-std=std,panic_abort)
}

find_linker() {
    local found
    for found in "$(command -v wasm-ld)" "$(command -v rust-lld)" \
        "${RUSTUP_HOME:-$HOME/.rustup}"/toolchains/*/lib/rustlib/*/bin/rust-lld /usr/bin/wasm-ld-*; do
        [ -x "$found" ] && { printf '%s\n' "$found"; return; }
    done
    return 1
}

cd "$root"
build_std=()
case "${HOLDFAST_WASM_TOOLCHAIN:-}" in
rustup) with_rustup || die "there is no toolchain with $target" ;;
system) with_system || die "there is no toolchain that can build for $target" ;;
"") with_rustup || with_system || die "there is no toolchain that can build for $target" ;;
*) die "HOLDFAST_WASM_TOOLCHAIN is neither rustup nor system" ;;
esac

# Paths of this machine would get into the bytes by the texts of panics.
sysroot=$($rustc --print sysroot)
export CARGO_ENCODED_RUSTFLAGS
CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' "--remap-path-prefix=$cargo_home=/cargo" \
    "--remap-path-prefix=$sysroot=/rust" "--remap-path-prefix=$root=/holdfast")
CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS%$'\x1f'}

packages=()
for filter in "${filters[@]}"; do packages+=(-p "$filter"); done
# One at a time: built together they would share the union of their features.
for ((i = 0; i < ${#packages[@]}; i += 2)); do
    "${cargo[@]}" build --locked --features "${HOLDFAST_WASM_FEATURES:-}" --lib --profile "$profile" --target "$target" "${build_std[@]}" "${packages[@]:i:2}"
done

say "$($rustc --version)"
cd "$out"
for filter in "${filters[@]}"; do
    module=${filter//-/_}.wasm
    printf '%8d bytes  sha256:%s  %s\n' "$(wc -c <"$module")" "$(sha256sum "$module" | cut -d' ' -f1)" "$out/$module"
done
