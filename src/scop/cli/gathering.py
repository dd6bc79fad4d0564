"""Options that several commands share, handed to a command as one value."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["gathered"]

_Outcome = TypeVar("_Outcome")
_Command = Callable[..., _Outcome]
_Option = Callable[[_Command[_Outcome]], _Command[_Outcome]]


def gathered(
    name: str, kind: type[DataclassInstance], *options: _Option[_Outcome]
) -> Callable[[_Command[_Outcome]], _Command[_Outcome]]:
    """Give a command these options, shown in this order; it is handed their values as one `kind`, named `name`."""

    def decorate(command: _Command[_Outcome]) -> _Command[_Outcome]:
        @functools.wraps(command)
        def gathering(**given: object) -> _Outcome:
            value = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            return command(**{name: value}, **given)

        made: _Command[_Outcome] = gathering
        for option in reversed(options):
            made = option(made)
        return made

    return decorate
