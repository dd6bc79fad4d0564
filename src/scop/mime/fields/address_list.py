"""The reader of address lists: takes any text at all, and sees in it what a lenient mail program would see.

Tokens gather as words of a name, or between angle brackets; a sign ends the mailbox and it is added. What the grammar
of RFC 5322, with its obsolete half, would not have is noted once as `INVALID_ADDRESS`.

Standards: RFC 5322 §3.4, §4.4.
"""

from __future__ import annotations

from scop.mime.defects import DefectKind
from scop.mime.fields.address_tokens import (
    PLAIN_MAILBOX,
    TOKEN,
    Token,
    domain_of,
    is_addr_spec,
    is_blank,
    is_phrase,
    is_route,
    kind_of,
    local_part_of,
    phrase_of,
    shape_of,
    split_at_commas,
    split_bare,
)
from scop.mime.fields.address_values import Address, Group
from scop.mime.limits import Limits
from scop.mime.structured import find_comment_end, open_comment, printable_phrase

__all__ = ["AddressList"]


class AddressList:
    """Gathers tokens of one mailbox until a sign ends it."""

    __slots__ = (
        *("_angle", "_comment", "_count", "_defects", "_found", "_group", "_has_route", "_in_angle", "_is_full"),
        *("_limits", "_members", "_needs_comma", "_words"),
    )

    def __init__(self, limits: Limits, defects: list[DefectKind]) -> None:
        self._limits = limits
        self._defects = defects
        self._found: list[Address | Group] = []
        self._count = 0  # of addresses, and of groups that have none
        self._is_full = False
        self._group: str | None = None  # the name of the group that is open
        self._members: list[Address] = []
        self._needs_comma = False  # a group has ended
        self._start_mailbox()

    def _start_mailbox(self) -> None:
        self._words: list[Token] = []  # outside of angle brackets
        self._angle: list[Token] | None = None
        self._in_angle = self._has_route = False
        self._comment = ""

    def read(self, text: str) -> tuple[Address | Group, ...]:
        """Read a whole field body."""
        position = 0
        while not self._is_full:
            if not self._words and self._angle is None:
                position = self._take_plain(text, position)
            match = TOKEN.match(text, position)
            if match is None:
                break
            position = match.end()
            group, piece = match.lastgroup or "", match[0]
            if piece == "(":
                position = self._take_comment(text, position)
            elif group == "s":
                self._sign(piece)
            else:
                self._note(kind_of(group, piece), piece)
        if not self._is_full:
            self._end("")
        if self._group is not None:
            if not self._is_full:
                self._note_odd()
            self._end_group(self._group)
        return tuple(self._found)

    def _take_plain(self, text: str, position: int) -> int:
        match = PLAIN_MAILBOX.match(text, position)
        if match is None:
            return position
        words, quoted, local_part, domain = match["words"], match["quoted"], match["local"], match["domain"]
        name = " ".join(words.split()) if words else quoted or ""
        self._keep(Address(name, local_part=local_part or match["bare"], domain=domain or match["bare_domain"]))
        return match.end()

    def _take_comment(self, text: str, position: int) -> int:
        end = find_comment_end(text, position, limits=self._limits, defects=self._defects)
        if end is None:
            self._note_odd()
            end = len(text)
        self._comment = self._comment or open_comment(text[position - 1 : end])
        self._note(" ", " ")
        return end

    def _note(self, kind: str, text: str) -> None:
        tokens = self._angle if self._in_angle and self._angle is not None else self._words
        if kind != " ":
            if self._angle is not None and not self._in_angle:  # words behind the address
                self._note_odd()
            tokens.append((kind, text))
        elif not tokens or tokens[-1][0] != " ":
            tokens.append((" ", " "))

    def _note_odd(self) -> None:
        """Note that the field is not written by the grammar; once is enough."""
        if DefectKind.INVALID_ADDRESS not in self._defects:
            self._defects.append(DefectKind.INVALID_ADDRESS)

    def _sign(self, sign: str) -> None:
        if sign in ".@":
            self._note(sign, sign)
        elif sign == ",":
            self._comma()
        elif sign == "<":
            self._open_angle()
        elif sign == ">":
            self._close_angle()
        elif sign == ":":
            self._colon()
        else:
            self._end(sign)

    def _open_angle(self) -> None:
        if self._in_angle and self._angle is not None:  # "<" within: what came before is no address
            self._note_odd()
            self._words += self._angle
        elif self._angle is not None:  # Lenient: the comma between two mailboxes is missing
            self._note_odd()
            self._end_mailbox()
        self._angle, self._in_angle, self._has_route = [], True, False

    def _close_angle(self) -> None:
        if not self._in_angle:
            self._note_odd()
        self._in_angle = False

    def _comma(self) -> None:
        if self._in_angle and self._may_be_route():
            self._note(",", ",")
            return
        self._end(",")

    def _may_be_route(self) -> bool:
        return not self._has_route and next((kind in "@," for kind, _ in self._angle or () if kind != " "), True)

    def _colon(self) -> None:
        if self._in_angle and self._angle is not None:
            if self._may_be_route():  # RFC 5322 §4.4: obs-route is ignored
                if not is_route(self._angle):
                    self._note_odd()
                self._angle, self._has_route = [], True
            else:
                self._note(":", ":")
        elif self._group is None and self._angle is None:
            self._begin_group()
        else:  # Lenient: groups do not nest, so the name of an inner one is passed over
            self._note_odd()
            if self._angle is None:
                self._words = []

    def _begin_group(self) -> None:
        self._check_comma()
        if not is_phrase(self._words):
            self._note_odd()
        self._group = self._shown(phrase_of(self._words))
        self._start_mailbox()

    def _check_comma(self) -> None:
        if self._needs_comma:
            self._note_odd()
        self._needs_comma = False

    def _end(self, sign: str) -> None:
        """End a mailbox at "," or ";" or the end of the text, and a group at ";"."""
        if self._in_angle:
            self._note_odd()
        self._end_mailbox()
        if sign == ",":
            self._needs_comma = False
        elif sign == ";" and self._group is not None:
            self._end_group(self._group)
        elif sign == ";":  # Lenient: some part addresses with it
            self._note_odd()

    def _end_group(self, name: str) -> None:
        if not self._members:
            self._count_one()
        if self._members or not self._is_full:
            self._found.append(Group(name, tuple(self._members)))
        self._group, self._members, self._needs_comma = None, [], True

    def _end_mailbox(self) -> None:
        words, angle, comment = self._words, self._angle, self._comment
        self._start_mailbox()
        if angle is None:
            if not is_blank(words):
                name, spec = split_bare(words)
                self._add(name, spec, comment, is_valid=is_blank(name) and is_addr_spec(spec))
            return
        is_name = is_blank(words) or is_phrase(words)
        for spec in split_at_commas(angle):
            self._add(words, spec, comment, is_valid=is_name and is_addr_spec(spec))
            words, comment = [], ""

    def _add(self, name: list[Token], spec: list[Token], comment: str, *, is_valid: bool) -> None:
        if not is_valid:
            self._note_odd()
        self._keep(_address(self._shown(phrase_of(name) or comment), spec))

    def _shown(self, phrase: str) -> str:
        return printable_phrase(phrase, limits=self._limits, defects=self._defects)

    def _keep(self, address: Address) -> None:
        self._check_comma()
        self._count_one()
        if self._is_full:
            return
        if self._group is None:
            self._found.append(address)
        else:
            self._members.append(address)

    def _count_one(self) -> None:
        if self._count == self._limits.addresses and not self._is_full:
            self._is_full = True
            self._defects.append(DefectKind.TOO_MANY_ADDRESSES)
        self._count += 1


def _address(name: str, spec: list[Token]) -> Address:
    at = shape_of(spec).rfind("@")
    if at < 0:
        return Address(name, local_part=local_part_of(spec))
    return Address(name, local_part=local_part_of(spec[:at]), domain=domain_of(spec[at + 1 :]))
