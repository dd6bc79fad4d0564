"""`scop matrix notify init`: a configuration to begin with, commented."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import click

from scop.net.faults import PermanentFailure

__all__ = ["init"]

CONFIG = """\
# What `scop matrix notify serve` reads. Paths are beside this file.

listen = "127.0.0.1:8418"  # behind a web server that has the certificate
queue = "notices.db"       # what is not posted yet; give it to one notifier alone
# package_index = "https://index.example.org"  # of home = "pypi": pip's index-url without /simple

[account]
# Who posts: an account that `scop matrix login` has logged in; say which where there are several.
# user = "@ci-bot:example.org"
# store = "accounts"              # the folder of --store; without it the usual one
# passphrase_file = "passphrase"

# --- Where webhooks come in: http://127.0.0.1:8418/NAME ---

[hooks.github]
forge = "github"           # github, gitlab, forgejo, gitea or generic
secret_file = "secret"     # one a line: while one takes the place of another both hold

# [hooks.gitlab]
# forge = "gitlab"
# secret_env = "GITLAB_SECRET"

# Anything that can send JSON; see docs/notifier.md. Without [hooks.NAME.keys] the keys are ours.
# [hooks.jenkins]
# forge = "generic"
# secret_file = "secret"
# header = "x-signature-256"   # HMAC-SHA256 of the body, in hex; proof = "token" takes the secret itself
# [hooks.jenkins.keys]
# project = "{name}"
# pipeline = "{name}-{build.number}"
# status = "{build.phase}"
# url = "{build.full_url}"
# [hooks.jenkins.statuses]
# COMPLETED = "passed"

# --- Who is told ---

[rooms.ci]
room = "@ROOM@"
name = "CI"
topic = "What becomes of builds"
# encrypted = true
# open = true                     # people may write in it, too
# invite = ["@alice:example.org"]
# admins = ["@alice:example.org"]
mention = ["author"]              # when a branch turns from green to red: user ids, "author", "@room"
# projects = ["acme/*"]
# branches = ["main", "release/*", "!release/old"]
# statuses = ["failed"]           # first told of then, kept in step from there

# Whom "author" means: the login or address at the forge, and who that is in Matrix.
[people]
# "alice@acme.example" = "@alice:example.org"

# --- New releases, each with the result of a test ---

# [watch.numpy]
# home = "pypi"                   # pypi, github (package = "OWNER/NAME"), feed or json (with url)
# package = "numpy"
# test = ["sh", "-c", "pip download --no-deps \\"$SCOP_PACKAGE==$SCOP_VERSION\\""]
# timeout_seconds = 900
# environment = ["PIP_INDEX_URL"]  # what it may know of ours, beside PATH, HOME and their like
"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--room", default="#ci:example.org", show_default=True, help="The room to post to.")
def init(*, folder: Path, room: str) -> None:
    """Write notifier.toml and a secret for webhooks into FOLDER (here, without); nothing is replaced."""
    if any(character in room for character in '"\\\n'):
        raise click.UsageError(f"--room {room!r} is no alias")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config, secret = folder / "notifier.toml", folder / "secret"
    _write_new(config, CONFIG.replace("@ROOM@", room))
    if not secret.exists():
        _write_new(secret, secrets.token_urlsafe(32) + "\n")
    click.echo(f"{config}: look it through, then: scop matrix login, scop matrix notify serve -c {config}")
    click.echo(f"{secret}: what the forge signs its webhooks with")


def _write_new(path: Path, text: str) -> None:
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - by descriptor
            file.write(text)
    except FileExistsError:
        raise PermanentFailure(f"{path} is there already") from None
