#!/usr/bin/env bash
# Names what this machine lacks to build, test and run Holdfast, and how to get it.
set -uo pipefail
cd "$(dirname "$0")/.."

missing=0
have() { printf '  ok       %-12s %s\n' "$1" "$2"; }
lack() { printf '  MISSING  %-12s %s\n           %-12s get it: %s\n' "$1" "$2" "" "$3"; missing=1; }
optional() { printf '  optional %-12s %s\n           %-12s get it: %s\n' "$1" "$2" "" "$3"; }

# need NAME COMMAND WHAT-FOR HOW
need() {
    local version
    if version=$(bash -c "$2" 2>/dev/null | head -n 1) && [ -n "$version" ]; then have "$1" "$version"; else lack "$1" "$3" "$4"; fi
}
want() {
    local version
    if version=$(bash -c "$2" 2>/dev/null | head -n 1) && [ -n "$version" ]; then have "$1" "$version"; else optional "$1" "$3" "$4"; fi
}

echo "Needed:"
need cargo "cargo --version" "builds everything" "https://rustup.rs (the toolchain that rust-toolchain.toml pins comes by itself)"
need clippy "cargo clippy --version" "make lint" "rustup component add clippy"
need rustfmt "cargo fmt --version" "make fmt" "rustup component add rustfmt"
need cc "cc --version" "links Rust binaries" "your system's package gcc or clang"
need make "make --version" "the verbs" "your system's package make"
need git "git --version" "make doc-paths" "your system's package git"
need python3 "python3 --version" "fetches the pinned tools" "https://www.python.org, 3.9 or newer"
need pip "python3 -m pip --version" "fetches the pinned tools" "python3 -m ensurepip, or your system's python3-pip"
need curl "curl --version" "the lines that \`make up\` prints" "your system's package curl"
echo "For the mesh of make up (or: make up ARGS=--no-mesh):"
wasm() { rustup target list --installed 2>/dev/null | grep wasm32-unknown-unknown || { ls -d /usr/lib/rustlib/src/rust/library >/dev/null && /usr/bin/rustc --version; }; }
export -f wasm
want wasm32 wasm "builds the filters" "rustup target add wasm32-unknown-unknown (make up does it); without rustup's network: apt-get install rustc-web cargo-web rust-web-src"
echo "Installed by \`make up\` itself:"
want node "node --version || .tools/node/bin/node --version" "builds the pages of the shop" "https://nodejs.org, 20.19 or newer; make up fetches one otherwise"
for tool in nats-server envoy; do
    want $tool ".tools/bin/$tool --version" "not installed yet" "make up (make nats-server tools-mesh)"
done
echo "For make test and .ci/run (never for make up):"
want go "go version" "builds stripe-mock, mesh-lab (Istio's control plane) and istioctl" "https://go.dev/dl, 1.26 or newer (1.23 and newer fetch that themselves)"
for tool in buf stripe-mock; do
    want $tool ".tools/bin/$tool --version" "not installed yet" "make tools (make test does it)"
done
for tool in mesh-lab istioctl; do
    want $tool "test -x .tools/bin/$tool && echo installed" "not installed yet" "make tools-lab (make test does it)"
done
want chromium "${HOLDFAST_CHROMIUM:-chromium} --version" "make test-browser" "Debian: apt-get install chromium (make test does it as root); or set HOLDFAST_CHROMIUM"
for tool in schemathesis redocly; do
    want $tool "test -e .tools/$tool.version && echo installed" "not installed yet" "make tools-api (make test does it)"
done
echo "For single tests and checks:"
want cargo-deny "PATH=$PWD/.tools/bin:$PATH cargo deny --version" "make deny: licences, sources, duplicates" "make install-cargo-deny (some minutes)"

free_kib=$(df -Pk . | awk 'NR == 2 {print $4}')
[ "$free_kib" -ge 6000000 ] || lack disk "$((free_kib / 1024)) MiB free; a build takes about 6 GiB" "make room, or set CARGO_TARGET_DIR"
[ $missing = 0 ] && echo "This machine has what it takes."
exit $missing
