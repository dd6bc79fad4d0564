"""Python pickles: what they call when they are loaded, told from their opcodes without loading anything.

A pickle is a program that puts objects together, and it may name any function of any module. Honest ones name classes
of numbers and tables; those that name what runs a command are made for that.

Standards: PEP 3154 and those before it, as `pickletools` has them.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Iterator

from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing, shown

__all__ = ["read_pickle"]

_RUNNING_MODULES = frozenset(
    (
        *("os", "posix", "nt", "subprocess", "sys", "pty", "commands", "popen2", "runpy", "importlib", "imp", "ctypes"),
        *("_ctypes", "webbrowser", "code", "codeop", "bdb", "pdb", "timeit", "profile", "cProfile", "trace", "pip"),
        *("asyncio", "shutil", "socket", "marshal", "pydoc", "doctest", "platform"),
    )
)
_RUNNING_BUILTINS = frozenset(
    (
        *("eval", "exec", "execfile", "compile", "__import__", "getattr", "setattr", "delattr", "globals", "locals"),
        *("vars", "open", "file", "apply", "input"),
    )
)
_BUILTINS = frozenset(("builtins", "__builtin__", "__builtins__"))
_OPCODES = {ord(opcode.code): opcode for opcode in pickletools.opcodes}
_STRINGS = frozenset(
    ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE", "SHORT_BINSTRING", "BINSTRING", "STRING")
)
_PUTS = frozenset(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"))
_GETS = frozenset(("GET", "BINGET", "LONG_BINGET"))
_KEEPS = frozenset(("PROTO", "FRAME"))  # which change nothing on the stack
_LENGTHS = {  # octets of the length that stands before an argument
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
# Numbers, and what puts them together, which is most of an honest pickle: these are passed over quickly.
_PLAIN = re.compile(rb"(?:G[\s\S]{8}|J[\s\S]{4}|M[\s\S]{2}|K[\s\S]|[N\x88\x89(\]})aeustld\x85-\x87\x8f-\x91Rb\x81.])++")
_OPCODE_EFFORT, _PLAIN_EFFORT = 2_400, 30  # for each octet of the latter, as `Inspection.spend` counts
_MANY = "many"  # plain opcodes, read as one
_MAX_NAME = 200  # octets of a name that is kept
_MAX_KEPT = 100_000
_UNKNOWN = ""


def read_pickle(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield what a pickle calls that can run a command."""
    for module, name in _calls(thing.octets, inspection):
        if _runs(module, name):
            called = shown(f"{module}.{name}")
            reason = f"{thing.where} is a Python pickle, which calls {called} when it is loaded."
            yield thing.finding(Kind.SCRIPT, Severity.SUSPICIOUS, reason)
            return


def _runs(module: str, name: str) -> bool:
    if module in _BUILTINS:
        return name.partition(".")[0] in _RUNNING_BUILTINS
    return module.partition(".")[0] in _RUNNING_MODULES


def _calls(octets: bytes, inspection: Inspection) -> Iterator[tuple[str, str]]:
    """Yield each module with the name that is taken out of it."""
    stack, memo = _Stack(), dict[int, str]()
    for opcode, argument in _opcodes(octets, inspection):
        if opcode in ("GLOBAL", "INST"):
            module, _, name = argument.partition("\n")
            yield module, name
            stack.push(_UNKNOWN)
        elif opcode == "STACK_GLOBAL":
            yield from stack.pairs()
            stack.push(_UNKNOWN)
        elif opcode in _PUTS:
            if len(memo) < _MAX_KEPT:
                memo[len(memo) if opcode == "MEMOIZE" else _number(opcode, argument)] = stack.last
        elif opcode in _GETS:
            stack.push(memo.get(_number(opcode, argument), _UNKNOWN))
        elif opcode == _MANY:
            stack.push(_UNKNOWN)
            stack.push(_UNKNOWN)
        elif opcode not in _KEEPS:
            stack.push(argument if opcode in _STRINGS else _UNKNOWN)


class _Stack:
    """The last two things that a pickle put down, and what may run commands of all that it ever did."""

    __slots__ = ("_before", "_modules", "_names", "last")

    def __init__(self) -> None:
        self._before = self.last = _UNKNOWN
        self._modules: dict[str, None] = {}
        self._names: dict[str, None] = {}

    def push(self, string: str) -> None:
        self._before, self.last = self.last, string
        if string in _RUNNING_MODULES or string in _BUILTINS:
            self._modules[string] = None
        elif string in _RUNNING_BUILTINS:
            self._names[string] = None

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield what the two name; where one of them was moved there, any that was seen may be it."""
        if self._before and self.last:
            yield self._before, self.last
            return
        for module in self._modules:
            yield from ((module, name) for name in (self.last, *self._names))


def _number(opcode: str, argument: str) -> int:
    """Return the place in the memo that an argument gives: in digits, or in octets with the least one first."""
    if opcode in ("PUT", "GET"):
        return int(argument) if argument.isascii() and argument.isdigit() and len(argument) < 10 else -1
    return int.from_bytes(argument.encode("latin-1"), "little")


def _opcodes(octets: bytes, inspection: Inspection) -> Iterator[tuple[str, str]]:
    """Yield each opcode with its argument, the beginning of a long one; until what is no opcode."""
    position = 0
    while position < len(octets) and (opcode := _OPCODES.get(octets[position])) is not None:
        inspection.spend(_OPCODE_EFFORT)
        if plain := _PLAIN.match(octets, position):
            inspection.spend(_PLAIN_EFFORT * (plain.end() - position))
            position = plain.end()
            yield _MANY, ""
            continue
        size = opcode.arg.n if opcode.arg is not None else 0
        begin = end = position + 1
        if size == pickletools.UP_TO_NEWLINE:
            for _ in range(2 if opcode.name in ("GLOBAL", "INST") else 1):
                end = octets.find(b"\n", end) + 1
                if not end:
                    return
            kept = octets[begin : min(end - 1, begin + _MAX_NAME)].replace(b"\r", b"")
        elif size in _LENGTHS:
            begin += _LENGTHS[size]
            end = begin + int.from_bytes(octets[position + 1 : begin], "little")
            kept = octets[begin : min(end, begin + _MAX_NAME)]
        else:
            end = begin + size
            kept = octets[begin:end]
        yield opcode.name, kept.decode("latin-1").strip("'\"") if opcode.name in _STRINGS else kept.decode("latin-1")
        position = end
