#!/bin/sh
# Fetches a released ci-tool for this machine, checks its SHA-256, and only then makes it executable.
#
#   sh bootstrap.sh BASE VERSION [SHA256 | SHA256SUMS]
#
# BASE        the address that holds ci-tool-VERSION-TARGET: a release's download address, or your own mirror
# VERSION     for example 0.1.0
# SHA256      the 64 hexadecimal digits of this machine's binary; or
# SHA256SUMS  the address or path of the release's list of sums. Default: BASE/SHA256SUMS, which tells a broken
#             download but not a broken server: keep the sums in your repository to be safe from that as well.
#
# Puts ./ci-tool here, or into $CI_TOOL_DIR, and prints its path. Needs curl or wget; no rights, no package.
set -eu

fail() { # MESSAGE HINT
  printf 'error: %s\nhint: %s\n' "$1" "$2" >&2
  exit 1
}

[ $# -ge 2 ] && [ $# -le 3 ] || fail "bootstrap.sh takes 2 or 3 arguments, not $#" \
  "sh bootstrap.sh BASE VERSION [SHA256 | SHA256SUMS]"
base=${1%/} version=${2#v} sums=${3:-${1%/}/SHA256SUMS}
directory=${CI_TOOL_DIR:-.}

extension=
case $(uname -s) in
  Linux) system=unknown-linux-musl ;;
  Darwin) system=apple-darwin ;;
  MINGW* | MSYS* | CYGWIN*) system=pc-windows-msvc extension=.exe ;;
  *) fail "there is no binary for $(uname -s)" "build it: cargo install --git REPOSITORY ci-tool" ;;
esac
case $(uname -m) in
  x86_64 | amd64) machine=x86_64 ;;
  aarch64 | arm64) machine=aarch64 ;;
  *) fail "there is no binary for $(uname -m)" "build it: cargo install --git REPOSITORY ci-tool" ;;
esac
name=ci-tool-$version-$machine-$system$extension

if command -v curl >/dev/null; then
  fetch() { curl -fsSL --connect-timeout 20 --max-time 600 --retry 3 -o "$2" "$1"; }
elif command -v wget >/dev/null; then
  fetch() { wget -q -t 3 -T 60 -O "$2" "$1"; }
else
  fail "neither curl nor wget is here" "install one of them, or copy $base/$name to the agent"
fi

if command -v sha256sum >/dev/null; then
  sum_of() { sha256sum <"$1"; }
elif command -v shasum >/dev/null; then
  sum_of() { shasum -a 256 <"$1"; }
elif command -v openssl >/dev/null; then
  sum_of() { openssl dgst -sha256 -r <"$1"; }
else
  fail "neither sha256sum, shasum nor openssl is here" "install one of them: what is not checked is not run"
fi

mkdir -p "$directory" || fail "cannot create $directory" "name a directory that you may write: CI_TOOL_DIR=DIR"
# Beside its goal, so that the last step is one rename.
scratch=$(mktemp -d "$directory/.ci-tool.XXXXXX") ||
  fail "cannot write to $directory" "name a directory that you may write: CI_TOOL_DIR=DIR"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

case $sums in
  *[!0-9a-fA-F]*)
    if [ -f "$sums" ]; then
      cp "$sums" "$scratch/sums"
    else
      fetch "$sums" "$scratch/sums" || fail "cannot fetch $sums" "check the address, or give the sum itself"
    fi
    expected=
    while read -r sum file; do
      if [ "${file#\*}" = "$name" ]; then expected=$sum; fi
    done <"$scratch/sums"
    [ -n "$expected" ] || fail "$sums has no sum of $name" "check the version, and that this machine has a binary"
    ;;
  *) expected=$sums ;;
esac
[ ${#expected} -eq 64 ] || fail "$expected is no SHA-256" "give 64 hexadecimal digits"
expected=$(printf %s "$expected" | tr A-F a-f)

fetch "$base/$name" "$scratch/ci-tool" || fail "cannot fetch $base/$name" \
  "check the address and the version; if both are right, run this again"
actual=$(sum_of "$scratch/ci-tool")
actual=${actual%% *}
[ "$actual" = "$expected" ] || fail "$base/$name has the SHA-256 $actual, not $expected" \
  "do not use it; run this again, and if it stays so ask who runs the server"

chmod 755 "$scratch/ci-tool"
mv -f "$scratch/ci-tool" "$directory/ci-tool$extension"
printf '%s\n' "$directory/ci-tool$extension"
