"""`notifier.toml`: every mistake is named with its line, its key and what belongs there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from scop.matrix.notifier.generic import Template
from scop.matrix.notifier.hooks import Forge, Hook
from scop.matrix.notifier.releases import Home, home_url
from scop.matrix.notifier.rooms import Room, is_user
from scop.matrix.notifier.signatures import Proof
from scop.matrix.notifier.status import Status
from scop.supervisor.config_file import ConfigurationError, read_structure

__all__ = ["AccountTable", "HookTable", "NotifierConfig", "WatchTable", "hooks_of", "read_notifier_config"]

MIN_SECRET_CHARACTERS = 8
MIN_EVERY_SECONDS = 60


class AccountTable(msgspec.Struct, frozen=True):
    """Who posts: an account that `scop matrix login` has logged in."""

    user: str = ""  # its user id, where several are logged in
    store: str = ""  # the folder where accounts are kept; '' for the usual one
    passphrase_file: str = ""


class HookTable(msgspec.Struct, frozen=True):
    """One sender of webhooks."""

    forge: Forge
    path: str = ""  # /NAME without
    secret_file: str = ""
    secret_env: str = ""
    unsigned: bool = False
    source: str = ""
    proof: Literal["hmac", "token"] = "hmac"
    header: str = ""
    keys: dict[str, str] = {}
    statuses: dict[str, Status] = {}
    jobs_at: str = "jobs"
    job_keys: dict[str, str] = {}

    def __post_init__(self) -> None:
        if self.path and not self.path.startswith("/"):
            raise ValueError(f"path: {self.path!r} does not begin with /")
        ways = [bool(self.secret_file), bool(self.secret_env), self.unsigned]
        if sum(ways) != 1:
            raise ValueError("secret_file: say one of secret_file, secret_env and unsigned = true")
        is_generic = self.forge is Forge.GENERIC
        if not is_generic and (self.keys or self.statuses or self.job_keys or self.header):
            raise ValueError('keys: a template and a header are of forge = "generic" alone')
        Template(self.keys, self.statuses, self.jobs_at, self.job_keys)


class WatchTable(msgspec.Struct, frozen=True):
    """One package whose releases are told."""

    home: Home
    package: str
    url: str = ""  # where it is read; the file may leave out what its home says
    version: str = "{version}"  # where it stands, for home = "json"
    every_seconds: int = 3600
    prereleases: bool = False
    test: tuple[str, ...] = ()
    timeout_seconds: int = 900
    environment: tuple[str, ...] = ()  # names of variables that a test knows beside the usual ones

    def __post_init__(self) -> None:
        if self.home is Home.GITHUB and self.package.count("/") != 1:
            raise ValueError(f"package: {self.package!r} is not OWNER/NAME")
        if self.home in (Home.FEED, Home.JSON) and not self.url:
            raise ValueError(f'url: is missing; home = "{self.home}" is read there')
        if self.every_seconds < MIN_EVERY_SECONDS:
            raise ValueError(f"every_seconds: {self.every_seconds} is less than {MIN_EVERY_SECONDS}")
        if self.timeout_seconds < 1:
            raise ValueError(f"timeout_seconds: {self.timeout_seconds} is no time")


class NotifierConfig(msgspec.Struct, frozen=True):
    """The whole file."""

    rooms: dict[str, Room]
    listen: str = "127.0.0.1:8418"
    queue: str = "notices.db"
    account: AccountTable = AccountTable()
    hooks: dict[str, HookTable] = {}
    watch: dict[str, WatchTable] = {}
    package_index: str = ""  # of home = "pypi"
    people: dict[str, str] = {}

    def __post_init__(self) -> None:
        if not self.rooms:
            raise ValueError("rooms: there is none to post to")
        if any(each.home is Home.PYPI and not each.url for each in self.watch.values()) and not self.package_index:
            raise ValueError('package_index: is missing; home = "pypi" is read there: pip\'s index-url without /simple')
        for name, user in self.people.items():
            if not is_user(user):
                raise ValueError(f"people: {user!r}, said of {name!r}, is no user id as @alice:example.org")


def read_notifier_config(path: Path) -> NotifierConfig:
    """Return the configuration in a file, with paths made absolute beside it; raises `ConfigurationError`."""
    config = read_structure(path, NotifierConfig, "`scop matrix notify init` writes one")
    base = path.resolve().parent
    account = msgspec.structs.replace(
        config.account,
        store=str(base / config.account.store) if config.account.store else "",
        passphrase_file=str(base / config.account.passphrase_file) if config.account.passphrase_file else "",
    )
    hooks = {name: _beside(each, base) for name, each in config.hooks.items()}
    watch = {name: _at_home(each, config.package_index) for name, each in config.watch.items()}
    return msgspec.structs.replace(config, queue=str(base / config.queue), account=account, hooks=hooks, watch=watch)


def _at_home(package: WatchTable, index: str) -> WatchTable:
    url = package.url or home_url(package.home, package.package, index)
    return msgspec.structs.replace(package, url=url)


def _beside(hook: HookTable, base: Path) -> HookTable:
    return msgspec.structs.replace(hook, secret_file=str(base / hook.secret_file)) if hook.secret_file else hook


def hooks_of(config: NotifierConfig, environment: Mapping[str, str] = os.environ) -> tuple[Hook, ...]:
    """Return the hooks with their secrets read; raises `ConfigurationError`."""
    hooks = tuple(_hook(name, table, environment) for name, table in config.hooks.items())
    paths = [hook.path for hook in hooks]
    for hook in hooks:
        if paths.count(hook.path) > 1:
            raise ConfigurationError(f"hooks: two have the path {hook.path}")
    return hooks


def _hook(name: str, table: HookTable, environment: Mapping[str, str]) -> Hook:
    is_token = table.proof == "token"
    return Hook(
        path=table.path or f"/{name}",
        forge=table.forge,
        secrets=_secrets(name, table, environment),
        source=table.source,
        proof=Proof.TOKEN if is_token else Proof.HEX_SHA256,
        header=(table.header or ("authorization" if is_token else "x-signature-256")).lower(),
        template=Template(table.keys, table.statuses, table.jobs_at, table.job_keys),
    )


def _secrets(name: str, table: HookTable, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secrets, one a line: while one takes the place of another both hold."""
    if table.unsigned:
        return ()
    if table.secret_env:
        where, text = f"${table.secret_env}", environment.get(table.secret_env, "")
    else:
        where = table.secret_file
        try:
            text = Path(where).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            reason = fault.strerror if isinstance(fault, OSError) else "not UTF-8"
            raise ConfigurationError(f"hooks.{name}.secret_file: {where}: {reason}") from None
    secrets = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not secrets:
        raise ConfigurationError(f"hooks.{name}: {where} holds no secret")
    if any(len(secret) < MIN_SECRET_CHARACTERS for secret in secrets):
        raise ConfigurationError(
            f"hooks.{name}: the secret in {where} has less than {MIN_SECRET_CHARACTERS} characters"
        )
    return secrets
