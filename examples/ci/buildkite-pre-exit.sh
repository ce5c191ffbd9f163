#!/bin/sh
# Buildkite: .buildkite/hooks/pre-exit, the second of the two ways in buildkite.yml. Runs after every command and knows
# how it ended. The credentials are those of buildkite.yml.
set -u
if [ "${BUILDKITE_COMMAND_EXIT_STATUS:-0}" != 0 ]; then
  "$CI_TOOL_DIR/ci-tool" repro save --exit-code "$BUILDKITE_COMMAND_EXIT_STATUS" --failed-command "$BUILDKITE_COMMAND" --log build.log
fi
