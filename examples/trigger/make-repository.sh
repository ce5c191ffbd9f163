#!/bin/sh
# Makes a git repository with a planted regression: ./make-repository.sh DIRECTORY
#
# Twelve commits, v1 to v12. The program greets; v8 breaks it for names with a space.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir "$1"
cd "$1"
git init --quiet --initial-branch=main

commit() {
    GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_AUTHOR_DATE="2026-11-$1T12:00:00Z" \
        GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org GIT_COMMITTER_DATE="2026-11-$1T12:00:00Z" \
        git -c commit.gpgSign=false -c core.hooksPath=/dev/null commit --quiet --message "$2"
}

number=0
while [ $number -lt 12 ]; do
    number=$((number + 1))
    if [ $number -lt 8 ]; then quoted='"$1"'; else quoted='$1'; fi
    printf '#!/bin/sh\n# version %s\nprintf "hello %%s\\n" %s\n' $number "$quoted" > greet.sh.in
    [ $number -ne 1 ] || cp "$here/ci-tool.yaml" .
    git add --all
    case $number in
        8) subject='Take quotes away that look needless' ;;
        *) subject="Version $number" ;;
    esac
    commit "$(printf '%02d' $number)" "$subject"
    git -c tag.gpgSign=false tag "v$number"
done
