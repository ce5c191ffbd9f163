#!/bin/sh
# Builds and tests the little program beside it. The test really fails: `slug` loses digits.
set -eu
cd "$(dirname "$0")"
mkdir -p build/logs

echo "building"
sed "s/@VERSION@/1.4.0/" src/slug.sh.in > build/slug.sh
chmod +x build/slug.sh
ln -sf slug.sh build/slug

echo "testing"
failed=0
: > build/logs/test.log
cases=0
failures=""
while IFS='|' read -r name input expected; do
  [ -n "$name" ] || continue
  cases=$((cases + 1))
  actual=$(./build/slug "$input")
  if [ "$actual" = "$expected" ]; then
    echo "ok     $name" >> build/logs/test.log
  else
    echo "FAILED $name: slug '$input' is '$actual', expected '$expected'" | tee -a build/logs/test.log >&2
    failures="$failures<testcase classname=\"slug\" name=\"$name\"><failure message=\"'$actual' is not '$expected'\"/></testcase>"
    failed=$((failed + 1))
  fi
done < tests/cases.txt
printf '<testsuite name="slug" tests="%s" failures="%s">%s</testsuite>\n' "$cases" "$failed" "$failures" > build/TEST-slug.xml

if [ "$failed" -gt 0 ]; then
  echo "$failed of $cases tests failed; see build/logs/test.log" >&2
  exit 1
fi
