#!/bin/sh
# Makes the artifacts. The same sources give the same bytes.
set -eu
mkdir -p built/packages built/installers
for name in Example.Core Example.Http; do
  printf 'package %s 1.0.0\n' "$name" > "built/packages/$name.1.0.0.nupkg"
done
printf 'installer 1.0.0\n' > built/installers/example-1.0.0.msi
ls built/packages built/installers
