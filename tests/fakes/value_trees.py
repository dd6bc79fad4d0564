"""Trees of values as hypothesis draws them: what a well-formed mail can say, whatever way it is written."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from scop.mime import Address, ContentType, EntityValues, Group
from scop.mime.fields import FieldValue
from scop.mime.fields.disposition import Disposition
from scop.mime.fields.message_ids import MessageId

__all__ = ["value_trees"]

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=150)
_ATOM = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True)
_NAME = st.text(st.characters(categories=["L", "Nd"]), max_size=30)
_ADDRESS = st.builds(lambda name, left, right: Address(name, f"{left}@{right}.test"), _NAME, _ATOM, _ATOM)
_GROUP = st.builds(Group, _NAME.filter(bool), st.lists(_ADDRESS, max_size=3).map(tuple))
_OCTETS = st.one_of(
    st.binary(max_size=300),
    st.text(st.sampled_from("ab =.-\t\r\n"), max_size=120).map(str.encode),
    st.lists(
        st.sampled_from([b"From me", b".", b"--", b"-- ", b"=", b"x" * 90, b" ", b"", b"\xc3\xa9"]), max_size=8
    ).map(b"\r\n".join),
)
_ENCODINGS = ("", "7bit", "8bit", "binary", "base64", "quoted-printable", "uuencode", "x-unknown")
_FIELDS: st.SearchStrategy[tuple[str, FieldValue]] = st.one_of(
    st.tuples(st.just("Subject"), _TEXT),
    st.tuples(st.sampled_from(["X-Some-Rather-Long-Name", "COMMENTS"]), _TEXT),
    st.tuples(st.sampled_from(["To", "cc"]), st.lists(st.one_of(_ADDRESS, _GROUP), min_size=1, max_size=4).map(tuple)),
    st.tuples(st.just("References"), st.lists(st.builds(MessageId, _ATOM, _ATOM), min_size=1, max_size=9).map(tuple)),
    st.tuples(
        st.just("Content-Disposition"),
        st.builds(Disposition, st.sampled_from(["inline", "attachment"]), st.fixed_dictionaries({"filename": _TEXT})),
    ),
)


@dataclass(frozen=True)
class _Branch:
    """A composite to be: its type, its encoding, and what stands around its parts."""

    media_type: str
    encoding: str
    preamble: bytes
    epilogue: bytes
    boundary_tail: str


_PADDING = st.sampled_from([b"", b"This is MIME.", b"two\r\nlines\r\n", b"\n", b"-- \r\n--"])
_BRANCHES = st.builds(
    _Branch,
    st.sampled_from(["multipart/mixed", "multipart/related", "message/rfc822", "message/global"]),
    st.sampled_from(["", "8bit"]),
    _PADDING,
    _PADDING,
    st.sampled_from(["", "'()+_,-./:=?", " x", "--"]),
)


def _leaf(
    fields: list[tuple[str, FieldValue]], media: ContentType | None, encoding: str, octets: bytes
) -> EntityValues:
    stated: list[tuple[str, FieldValue]] = [("Content-Type", media)] if media else []
    if encoding:
        stated.append(("Content-transfer-encoding", encoding))
    return EntityValues((*fields, *stated), octets)


_LEAVES = st.builds(
    _leaf,
    st.lists(_FIELDS, max_size=4),
    st.one_of(
        st.none(),
        st.builds(
            ContentType, st.just("text"), st.sampled_from(["plain", "html"]), st.fixed_dictionaries({"name": _TEXT})
        ),
        st.just(ContentType("application", "octet-stream")),
    ),
    st.sampled_from(_ENCODINGS),
    _OCTETS,
)


def _joined(branch: _Branch, fields: list[tuple[str, FieldValue]], parts: list[EntityValues]) -> EntityValues:
    maintype, _, subtype = branch.media_type.partition("/")
    encoding: list[tuple[str, FieldValue]] = []
    if maintype == "message":
        if subtype == "global":  # RFC 6532 §3.7: this one may be encoded
            encoding = [("Content-Transfer-Encoding", "base64")]
        return EntityValues((*fields, ("Content-Type", ContentType(maintype, subtype)), *encoding), (parts[0],))
    if branch.encoding:
        encoding = [("Content-Transfer-Encoding", branch.encoding)]
    media = ContentType(maintype, subtype, {"boundary": f"{_height(parts)}b{branch.boundary_tail}"})
    return EntityValues((("Content-Type", media), *encoding, *fields), tuple(parts), branch.preamble, branch.epilogue)


def _height(parts: list[EntityValues]) -> int:
    """Return how deep it goes below; boundaries made of it differ from those around them."""
    return 1 + max(_height(list(part.content)) if isinstance(part.content, tuple) else 0 for part in parts)


def _composite(below: st.SearchStrategy[EntityValues]) -> st.SearchStrategy[EntityValues]:
    return st.builds(_joined, _BRANCHES, st.lists(_FIELDS, max_size=2), st.lists(below, min_size=1, max_size=3))


def value_trees() -> st.SearchStrategy[EntityValues]:
    """Return trees with every transfer encoding, multiparts in multiparts, and mails in mails."""
    return st.recursive(_LEAVES, _composite, max_leaves=8)
