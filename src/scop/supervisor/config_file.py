"""Reads `scop.toml`: every mistake is named with its line, its key and, for a wrong key, the nearest right one."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path

import msgspec

from scop.mesh.config import Config, Smarthost

__all__ = ["ConfigurationError", "parse_config", "read_config"]

_TABLE = re.compile(r"\s*\[\s*([^\]]+?)\s*\]")
_PLACE = re.compile(r"^(.*?)(?: - at `\$\.?([^`]*)`)?$", re.DOTALL)


class ConfigurationError(Exception):
    """The configuration cannot be used; the message says where and what to write instead."""


def read_config(path: Path) -> Config:
    """Return the configuration in a file, with relative paths made absolute beside that file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: there is no such file; `scop init DOMAIN` makes one") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from None
    config = parse_config(text, str(path))
    return _absolute(config, path.resolve().parent)


def parse_config(text: str, name: str) -> Config:
    """Return the configuration that a text says; `name` is how messages call it."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name}: {error}") from None
    _refuse_unknown(found, Config, (), text, name)
    try:
        return msgspec.convert(found, Config)
    except msgspec.ValidationError as error:
        raise ConfigurationError(_placed(str(error), text, name)) from None


def _refuse_unknown(
    table: dict[str, object], kind: type[msgspec.Struct], path: tuple[str, ...], text: str, name: str
) -> None:
    """Raise for the first key that the structure of the configuration does not have."""
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        here = (*path, key)
        if key not in fields:
            raise ConfigurationError(
                f"{name}:{_line_of(here, text)}: unknown key {'.'.join(here)!r}{_nearest(key, fields)}"
            )
        inner = fields[key]
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            _refuse_unknown(value, inner, here, text, name)


def _nearest(key: str, known: dict[str, object]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(sorted(known))}"


def _placed(message: str, text: str, name: str) -> str:
    """Turn msgspec's "… - at `$.network.pipes`" into file, line and key."""
    found = _PLACE.match(message)
    assert found is not None
    reason, place = found.group(1), found.group(2) or ""
    # `[...]` stands for the name of a table such as [devices.scanner], or for a place in a list.
    path = tuple(part for part in re.sub(r"\[[^\]]*\]", "", place).split(".") if part)
    inner = re.match(r"(\w+): ", reason)  # a check of ours names the key itself
    if inner and path[-1:] != (inner.group(1),):
        path = (*path, inner.group(1))
        reason = reason[inner.end() :]
    key = f"{'.'.join(path)}: " if path else ""
    return f"{name}:{_line_of(path, text)}: {key}{reason}"


def _line_of(path: tuple[str, ...], text: str) -> int:
    """Return the line on which a key stands, or where its table begins; 1 where it is nowhere."""
    best, table = 1, ""
    for number, line in enumerate(text.splitlines(), 1):
        header = _TABLE.match(line)
        if header:
            table = header.group(1)
        matched = sum(
            1 for key in path if key in table.split(".") or re.search(rf"(?<![\w-]){re.escape(key)}\s*=", line)
        )
        if matched == len(path):
            return number
        if header and table == ".".join(path[:-1]):
            best = number
    return best


def _absolute(config: Config, base: Path) -> Config:
    """Return the configuration with every path made absolute."""
    hints, authorities = config.world.root_hints, config.world.certificate_authorities
    smarthosts, clients = config.relay.smarthosts, config.submission.client_authorities
    return msgspec.structs.replace(
        config,
        hostname=config.mail_host,
        state=str(base / config.state),
        world=msgspec.structs.replace(
            config.world,
            root_hints=str(base / hints) if hints else "",
            certificate_authorities=str(base / authorities) if authorities else "",
        ),
        submission=msgspec.structs.replace(
            config.submission, client_authorities=str(base / clients) if clients else ""
        ),
        relay=msgspec.structs.replace(
            config.relay, smarthosts={name: _absolute_smarthost(each, base) for name, each in smarthosts.items()}
        ),
        tls=msgspec.structs.replace(
            config.tls, certificate=str(base / config.tls.certificate), key=str(base / config.tls.key)
        ),
    )


def _absolute_smarthost(smarthost: Smarthost, base: Path) -> Smarthost:
    file = smarthost.password_file
    return msgspec.structs.replace(smarthost, password_file=str(base / file) if file else "")
