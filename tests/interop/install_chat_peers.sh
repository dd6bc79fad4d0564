#!/bin/sh
# Puts a real homeserver (Synapse) and another client that encrypts (matrix-nio) into an environment of their own: what
# they need must not stand beside what we need. Their exact versions are held by a lock with hashes.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
place="$root/.venv/chat-peers"
lock="$root/requirements/chat-peers.txt"
[ "$place/.installed" -nt "$lock" ] && exit 0
[ -x "$place/bin/python" ] || "${PYTHON:-python3}" -m venv "$place"
"$place/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
touch "$place/.installed"
