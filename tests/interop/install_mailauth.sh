#!/bin/sh
# Puts mailauth, which lives among the packages of npm, beside the other tools of the checks. Its exact version, and
# those of what it brings along, are held by the lock beside the scripts of the tests that use it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
place="$here/../../.venv/mailauth"
[ -d "$place/node_modules/mailauth" ] && exit 0
mkdir -p "$place"
cp "$here/programs/mailauth/package.json" "$here/programs/mailauth/package-lock.json" "$place"
npm ci --prefix "$place" --no-audit --no-fund --ignore-scripts --silent
