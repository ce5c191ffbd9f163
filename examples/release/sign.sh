#!/bin/sh
# "Signs" what was built. As with real signatures, no two are the same.
set -eu
nonce=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
for file in built/packages/* built/installers/*; do
  signed="signed/${file#built/}"
  mkdir -p "${signed%/*}"
  { cat "$file"; printf 'signature %s\n' "$nonce"; } > "$signed"
  printf 'signed %s\n' "$signed"
done
mkdir -p signed/checksums
for file in signed/packages/* signed/installers/*; do
  cksum "$file"
done > signed/checksums/cksum.txt
