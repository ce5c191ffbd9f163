#!/bin/sh
# Checks that every artifact is signed. The one argument says for whom.
#   CI_TOOL_HANDOVER   the directory of what was handed over; signed/ where there is none
set -eu
found=0
for file in "${CI_TOOL_HANDOVER:-.}"/signed/packages/* "${CI_TOOL_HANDOVER:-.}"/signed/installers/*; do
  [ -f "$file" ] || continue
  found=$((found + 1))
  tail -n 1 "$file" | grep -q '^signature ' || { echo "$1: $file is not signed" >&2; exit 1; }
done
[ "$found" -gt 0 ] || { echo "$1: there is nothing to check" >&2; exit 1; }
echo "$1: $found files are signed"
