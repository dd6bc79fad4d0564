"""Six thousand real mails, ham and spam: every octet kept, every text decoded, the values written and read again."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from fakes.corpus import corpus_sample
from scop.mime import DefectKind, Entity, parse
from scop.mime.charsets import is_known_charset, undecoded
from scop.mime.encode import encode

_MAILS = 6046
_SHARDS = 4  # so that several processes share the work
_EVERY = 3  # of a shard are written anew
_UNSTATED = ("", "us-ascii", "unknown-8bit", "default")  # what says no more than "not ASCII" (RFC 1428)
_WINDOWS_ONLY = re.compile(rb"[\x80-\x9f]")  # characters of windows-1252, which the web reads as iso-8859-1
_TEXTS = Counter({"decoded": 6_114, "kept": 189, "damaged": 2})


def _shard(number: int) -> tuple[bytes, ...]:
    return tuple([octets for _, octets in corpus_sample(1)[number::_SHARDS]])


def _is_text(entity: Entity) -> bool:
    return not entity.parts and entity.content_type.maintype == "text"


def _outcome(entity: Entity) -> str:
    """Return how a text part was decoded, and hold what each outcome promises.

    `decoded`: by its charset, nothing is missing. `kept`: the charset is unknown, or none is stated (or US-ASCII) and
    octets are neither ASCII nor UTF-8; they stand in the text, each as U+F700 + octet. `damaged`: octets that are none
    of the stated charset, which are U+FFFD.
    """
    text, charset = entity.text, entity.content_type.parameters.get("charset", "")
    text.encode("utf-8")  # no lone surrogate
    if any("\uf780" <= character <= "\uf7ff" for character in text):
        assert charset.lower() in _UNSTATED or not is_known_charset(charset)
        assert entity.content == undecoded(text)
        return "kept"
    if "\ufffd" in text:
        assert DefectKind.UNDECODABLE_TEXT in [defect.kind for defect in entity.defects]
        return "damaged"
    assert text == _by_the_standard_library(entity, charset.lower() or "us-ascii", text)
    return "decoded"


def _by_the_standard_library(entity: Entity, charset: str, text: str) -> str:
    """Return what Python's codec makes of the same octets, where it reads the charset as the web does."""
    octets = entity.content
    if charset in _UNSTATED or charset == "utf-8":
        return octets.decode("utf-8-sig")
    if charset == "iso-8859-1" and not _WINDOWS_ONLY.search(octets):
        return octets.decode("latin-1")
    return text


@pytest.mark.parametrize("number", range(_SHARDS))
def test_every_mail_of_the_corpus_is_kept_octet_for_octet(number: int) -> None:
    """Whatever a mail looks like, it is read without an exception, and its octets are those that came."""
    for octets in _shard(number):
        message = parse(octets)
        assert octets == message.to_octets()
        for entity in message.walk():
            _ = entity.content, [field.value for field in entity.header.fields], entity.defects, entity.ambiguities


def test_every_text_of_the_corpus_is_decoded() -> None:
    """All 6,046 mails: of 6,305 text parts two hold octets that are none of the charset they state."""
    mails = corpus_sample(1)
    assert _MAILS == len(mails)
    texts = [entity for _, octets in mails for entity in parse(octets).walk() if _is_text(entity)]
    assert Counter(map(_outcome, texts)) == _TEXTS


@pytest.mark.parametrize("number", range(_SHARDS))
def test_values_of_the_corpus_are_written_and_read_again(number: int) -> None:
    """What is written from the values alone reads as the same values."""
    for octets in _shard(number)[::_EVERY]:
        values = parse(octets).values()
        assert repr(values) == repr(parse(b"".join(encode(values))).values())
