"""A small file in which a cell keeps one value between its lives, as JSON that a person can read.

The file of another version must not pass for none: what the cell would make anew, others know by the old.

Standards: none.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from scop.mesh.whole_file import write_whole

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["read_state_file", "write_state_file"]

T = TypeVar("T", bound="DataclassInstance")


def read_state_file(path: Path, kind: type[T], what: str, *, remedy: str = "") -> T | None:
    """Return the value, None where there is no file; raises `ValueError` that names the file, `what` and `remedy`."""
    end = f"; {remedy}" if remedy else ""
    try:
        octets = path.read_bytes()
        if msgspec.json.decode(octets, type=dict[str, msgspec.Raw]).keys() != {field.name for field in fields(kind)}:
            raise ValueError(f"{path} was written by another version of scop, or by something else{end}")
        return msgspec.json.decode(octets, type=kind)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise ValueError(f"{path} tells nothing of {what}: {error}{end}") from None


def write_state_file(path: Path, value: DataclassInstance) -> None:
    """Put the value in the place of the old one; durable when it returns. Raises `OSError`."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(value)))
