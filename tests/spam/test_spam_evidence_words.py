"""Words: folded to one spelling in every script, disguises undone, nothing that a person does not read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from scop.spam.evidence import Scope, evidence_of
from scop.spam.evidence.folding import fold, tricks_of, without_accents
from scop.spam.evidence.words import Chunks, disguises, oddities, shortened, words_in_order


def plain(text: str) -> tuple[str, ...]:
    """Return the tokens of a mail of plain text in UTF-8."""
    return evidence_of(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode()).tokens


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Offer", "offer"),
        ("Ｆｒｅｅ", "free"),
        ("𝓥𝓲𝓪𝓰𝓻𝓪", "viagra"),
        ("vi\u200bag\u00adra", "viagra"),
        ("don’t “pay”", 'don\'t "pay"'),
        ("V\u0336i\u0336a\u0336gra", "viagra"),
        ("cafe\u0301", "café"),
        ("كـــتاب", "كتاب"),
        ("ﬁnance", "finance"),
    ],
)
def test_fold_gives_one_spelling(text: str, folded: str) -> None:
    """Width, style, invisible characters, loose marks and typographic quotes make no other word."""
    assert folded == fold(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the meeting", ["the", "meeting"]),
        ("привет, мир", ["привет", "мир"]),
        ("p\u0430yp\u0430l and мир", ["paypal", "and", "мир"]),
        ("特価商品 ok", ["特価", "価商", "商品", "ok"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("größe über", ["größe", "über"]),
        ("สวัส x1", ["สว", "วั", "ัส", "x1"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
    ],
)
def test_words_of_every_script(text: str, words: list[str]) -> None:
    """Words are cut at blanks, or are pairs of characters where a script has none; mixed-in letters are undone."""
    assert words == words_in_order(fold(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("buy v.i.a.g.r.a now", ["trick:parted", "viagra"]),
        ("buy v i a g r a now", ["trick:spaced", "viagra"]),
        ("buy vi*ag*ra now", ["trick:parted", "viagra"]),
        ("buy v1agra now", ["trick:digits", "viagra"]),
        ("a m0rtg@ge", ["trick:digits", "mortgage"]),
        ("vìàgra", ["like:viagra"]),
        ("i am a man", []),
        ("in 2026, 50% of 1st mp3", []),
        ("привет", []),
    ],
)
def test_disguises_are_undone(text: str, expected: list[str]) -> None:
    """A word with signs, blanks, digits or accents put in is a token as it is meant, and so is the way of hiding it."""
    chunks = Chunks.of(text)
    assert expected == disguises(chunks, *oddities(chunks))


@pytest.mark.parametrize(
    ("text", "tricks"),
    [
        ("plain", []),
        ("Größe – “so”", []),
        ("мир and peace", []),
        ("p\u0430ypal", ["trick:mixed-letters"]),
        ("vi\u200bagra", ["trick:zero-width"]),
        ("\u202egnp.exe", ["trick:direction"]),
        ("𝐅𝐫𝐞𝐞", ["trick:letter-forms"]),
        ("Ｆｒｅｅ", ["trick:full-width"]),
        ("a\u0336\u0337\u0338", ["trick:many-marks"]),
    ],
)
def test_tricks_are_told(text: str, tricks: list[str]) -> None:
    """What had to be undone is evidence; honest typography and whole words of another script are not."""
    assert tricks == tricks_of(text)


def test_look_alikes_are_latin_in_the_end() -> None:
    """Accents fall, letters of other alphabets become those that they look like."""
    assert "paypal" == without_accents("рáуpаl")


def test_long_words_are_told_by_length_and_beginning() -> None:
    """Random strings do not fill the model; each word stands once, in order."""
    assert ["b", "long:x4", "a"] == list(shortened(["b", "x" * 45, "a", "b"]))


def test_both_scopes_read_the_same_words() -> None:
    """The cheap scope leaves out facts, never words."""
    octets = b"Subject: Cheap pills\r\n\r\nBuy now at http://pills.test/x"
    full, cheap = evidence_of(octets), evidence_of(octets, scope=Scope.PLAIN)
    assert full.tokens[-4:] == cheap.tokens[-4:]
    assert {"subject:cheap", "url:pills.test", "buy"} <= set(cheap.tokens) <= set(full.tokens)


@given(st.text(max_size=80))
@drawn(30)
def test_folding_twice_changes_nothing(text: str) -> None:
    """Words of folded text are words of the text; each can be stored as UTF-8."""
    words = words_in_order(fold(text))
    assert words == words_in_order(fold(" ".join(words))) or not text.isascii()
    assert all(word.encode() for word in words)


def test_sums_addresses_and_numbers_are_tokens() -> None:
    """What is no word can be a clue: money by its size, telephones, addresses, purses."""
    tokens = plain(
        "pay $1,500,000 to x@sub.evil.test or call 800-555-1212 (bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh)"
    )
    expected = {"money:$1,500,000", "money:10^6", "mail:x@sub.evil.test", "mail:@evil.test", "telephone:8005551212"}
    assert expected | {"money:purse"} <= set(tokens)


@given(st.text(st.sampled_from(" \n\u3000abzéЖя1$!?'.%-_,(\"*免\u0e01\u0301£"), max_size=90))
def test_words_of_chunks_are_the_words_of_the_text(text: str) -> None:
    """Words that are told without a pattern are those that the pattern finds, and come in the same order."""
    folded = fold(text)
    assert list(shortened(words_in_order(folded))) == list(shortened(Chunks.of(folded).words()))
