"""Says a mistake in `scop.toml` in words of the file: the line, the whole key, and what belongs there.

msgspec, which reads the values, speaks of Python's types and leaves out the names of tables such as
`[devices.printer]`; here both are put right.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, get_args, get_origin

import msgspec

__all__ = ["line_of", "no_toml", "reworded", "unknown_key"]

_TABLE = re.compile(r"\s*\[{1,2}\s*([^\[\]]+?)\s*\]")
_PLACE = re.compile(r"^(.*?)(?: - at `\$([^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([\w-]+)|\[(\.\.\.|\d+)\]")
_KEY = re.compile(r'"([^"]*)"|\'([^\']*)\'|([\w-]+)')
_WORDS: Mapping[str, str] = {
    "array": "a list in brackets",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "a text in quotes",
}


def no_toml(message: str) -> str:
    """Return ":line: reason" for what `tomllib` told of a text."""
    matched = re.fullmatch(r"(.*) \(at line (\d+), (column \d+)\)", message, re.DOTALL)
    if matched is None:
        return f": {message}"
    hint = "; a text stands in quotes, yes and no are true and false" if matched[1] == "Invalid value" else ""
    return f":{matched[2]}: {matched[1]} ({matched[3]}){hint}"


def unknown_key(table: Mapping[str, object], kind: type, path: tuple[str, ...] = ()) -> tuple[tuple[str, ...], str]:
    """Return the path of the first key that the structure of the configuration does not have, and a hint; else ()."""
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        here = (*path, key)
        if key not in fields:
            return here, _nearest(key, fields)
        found = _unknown_in(value, fields[key], here)
        if found[0]:
            return found
    return (), ""


def _unknown_in(value: object, kind: object, path: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    if not isinstance(value, dict):
        return (), ""
    if _is_struct(kind):
        assert isinstance(kind, type)
        return unknown_key(value, kind, path)
    named = _value_type(kind)
    if not _is_struct(named):
        return (), ""
    for name, each in value.items():
        found = _unknown_in(each, named, (*path, name))
        if found[0]:
            inner = found[0][len(path) + 1 :]
            if isinstance(each.get(inner[0]), dict):  # [relay.smarthosts.lagoon.test] is two tables, not one
                return found[0], f'; a name with dots stands in quotes: [{".".join(path)}."{name}.{".".join(inner)}"]'
            return found
    return (), ""


def _nearest(key: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(sorted(known))}"


def reworded(message: str, found: object, kind: object) -> tuple[tuple[str, ...], str]:
    """Return the path and the reason of a mistake that msgspec told when it read `found` as a `kind`."""
    matched = _PLACE.match(message)
    assert matched is not None
    reason, place = matched.group(1), matched.group(2) or ""
    path: tuple[str, ...] = ()
    is_named = False  # the last key is a name of its own, as that of a device
    for step in _STEP.finditer(place):
        if step.group(1):
            path, is_named = (*path, step.group(1)), False
            found, kind = _field(found, step.group(1)), _field_type(kind, step.group(1))
        elif step.group(2) == "..." and isinstance(found, dict):
            kind = _value_type(kind)
            name = next((name for name, each in found.items() if not _is_a(each, kind)), "")
            found, path, is_named = found.get(name), (*path, name), True
        elif isinstance(found, list):
            kind, is_named = _item_type(kind), False
            found = next((each for each in found if not _is_a(each, kind)), None)
    key, words = _in_words(reason, kind)
    if is_named and not key and not isinstance(found, dict) and _is_struct(kind):
        words += f"; each has a name: [{'.'.join(path[:-1])}.NAME]"
    return (path if not key or path[-1:] == (key,) else (*path, key)), words


def _in_words(reason: str, kind: object) -> tuple[str, str]:
    """Return the key inside that a reason is about, if it names one, and the reason as we say it."""
    if types := re.fullmatch(r"Expected `(\w+)`, got `(\w+)`", reason):
        wanted, got = (_WORDS.get(name, name) for name in types.groups())
        got += " with a fraction" if types.groups() == ("int", "float") else ""
        return "", f"{wanted} belongs here, not {got}"
    if missing := re.fullmatch(r"Object missing required field `([\w-]+)`", reason):
        return missing[1], "is missing"
    if reason.startswith("Invalid enum value") and (words := _choices(kind)):
        return "", f"{reason.removeprefix('Invalid enum value ')} is none of {', '.join(map(repr, words))}"
    if ours := re.match(r"(\w+): ", reason):  # a check of ours names the key itself
        return ours[1], reason[ours.end() :]
    return "", reason


def _choices(kind: object) -> tuple[object, ...]:
    """Return what may stand where a kind has a few values."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return tuple(each.value for each in kind)
    return get_args(kind) if get_origin(kind) is Literal else ()


def _is_struct(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _field(found: object, name: str) -> object:
    return found.get(name) if isinstance(found, dict) else None


def _field_type(kind: object, name: str) -> object:
    if not isinstance(kind, type) or not issubclass(kind, msgspec.Struct):
        return object
    return next((field.type for field in msgspec.structs.fields(kind) if field.name == name), object)


def _value_type(kind: object) -> object:
    return get_args(kind)[1] if get_origin(kind) is dict else object


def _item_type(kind: object) -> object:
    return get_args(kind)[0] if get_origin(kind) in (list, tuple) else object


def _is_a(value: object, kind: object) -> bool:
    try:
        msgspec.convert(value, type=kind)
    except msgspec.ValidationError:
        return False
    return True


def line_of(path: tuple[str, ...], text: str) -> int:
    """Return the line on which a key stands, or where the innermost of its tables begins; 1 where it is nowhere."""
    best, depth = 1, 0
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = _TABLE.match(line)
        if header:
            table = tuple("".join(parts) for parts in _KEY.findall(header.group(1)))
            if table[: len(path)] == path:
                return number
        if table != path[: len(table)]:
            continue
        if not header and all(re.search(_assigned(key), line) for key in path[len(table) :]):
            return number
        if header and len(table) > depth:
            best, depth = number, len(table)
    return best


def _assigned(key: str) -> str:
    return rf"(?<![\w-])[\"']?{re.escape(key)}[\"']?\s*[=.]"
