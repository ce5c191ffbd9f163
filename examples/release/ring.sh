#!/bin/sh
# Notes that a ring has the release.
set -eu
mkdir -p rings
printf '%s has the release\n' "$1" | tee "rings/$1.txt"
