"""Reads `scop.toml`: every mistake is named with its line, its key and, for a wrong key, the nearest right one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from scop.mesh.config import Config, Smarthost
from scop.supervisor.config_mistakes import line_of, no_toml, reworded, unknown_key

__all__ = ["ConfigurationError", "parse_config", "read_config", "read_structure"]

_Structure = TypeVar("_Structure", bound=msgspec.Struct)


class ConfigurationError(Exception):
    """The configuration cannot be used; the message says where and what to write instead."""


def read_config(path: Path) -> Config:
    """Return the configuration in a file, with relative paths made absolute beside that file."""
    return _absolute(read_structure(path, Config, "`scop init DOMAIN` makes one"), path.resolve().parent)


def parse_config(text: str, name: str) -> Config:
    """Return the configuration that a text says; `name` is how messages call it."""
    return structure_of(text, name, Config)


def read_structure(path: Path, kind: type[_Structure], hint: str) -> _Structure:
    """Return what a TOML file says; raises `ConfigurationError`, with `hint` where there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such file; {hint}") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not UTF-8 at octet {error.start + 1}; save it as UTF-8") from None
    return structure_of(text, str(path), kind)


def structure_of(text: str, name: str, kind: type[_Structure]) -> _Structure:
    """Return what a text in TOML says; `name` is how messages call it."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name}{no_toml(str(error))}") from None
    unknown, hint = unknown_key(found, kind)
    if unknown:
        raise ConfigurationError(f"{name}:{line_of(unknown, text)}: unknown key {'.'.join(unknown)!r}{hint}")
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        path, reason = reworded(str(error), found, kind)
        raise ConfigurationError(f"{name}:{line_of(path, text)}: {'.'.join(path)}: {reason}") from None


def _absolute(config: Config, base: Path) -> Config:
    """Return the configuration with every path made absolute."""
    world = config.world
    smarthosts, clients = config.relay.smarthosts, config.submission.client_authorities
    rules = config.attachments.yara_rules
    return msgspec.structs.replace(
        config,
        hostname=config.mail_host,
        state=str(base / config.state),
        world=msgspec.structs.replace(
            world,
            root_hints=str(base / world.root_hints) if world.root_hints else "",
            trust_anchor=str(base / world.trust_anchor) if world.trust_anchor else "",
            certificate_authorities=str(base / world.certificate_authorities) if world.certificate_authorities else "",
        ),
        submission=msgspec.structs.replace(
            config.submission, client_authorities=str(base / clients) if clients else ""
        ),
        relay=msgspec.structs.replace(
            config.relay, smarthosts={name: _absolute_smarthost(each, base) for name, each in smarthosts.items()}
        ),
        attachments=msgspec.structs.replace(config.attachments, yara_rules=str(base / rules) if rules else ""),
        tls=msgspec.structs.replace(
            config.tls, certificate=str(base / config.tls.certificate), key=str(base / config.tls.key)
        ),
    )


def _absolute_smarthost(smarthost: Smarthost, base: Path) -> Smarthost:
    file = smarthost.password_file
    return msgspec.structs.replace(smarthost, password_file=str(base / file) if file else "")
