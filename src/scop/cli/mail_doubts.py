"""What the doubts about a mail's author mean, for people: the words themselves are for logs and programs."""

from __future__ import annotations

from scop.dmarc import Doubt, DoubtWord

__all__ = ["doubt_line"]

_MEANING = {
    DoubtWord.NO_FROM: "there is no From field",
    DoubtWord.NO_AUTHOR_DOMAIN: "From names no address with a domain",
    DoubtWord.FROM_TOO_LONG: "From is too long to be read to its end",
    DoubtWord.SEVERAL_FROM: "there is more than one From field, and readers differ in which they show",
    DoubtWord.MANY_DOMAINS: "From names more domains than are checked",
    DoubtWord.HIDDEN_FROM: "a From field stands where only some readers see it",
    DoubtWord.UNCLEAR_HEADER_END: "readers differ in where the header ends",
    DoubtWord.CONTROL_CHARACTER: "control characters stand in the header",
    DoubtWord.ENCODED_ADDRESS: "another address comes out where encoded words are decoded",
    DoubtWord.HIDDEN_ADDRESS: "another address stands in quotes or in a comment",
    DoubtWord.DUPLICATE_FIELD: "a field that stands once is there twice",
    DoubtWord.SEVERAL_DOMAINS: "From names several domains, and each is checked",
    DoubtWord.GROUP: "From names a group",
    DoubtWord.OTHER_SENDER: "Sender names another domain, which some programs show",
    DoubtWord.IMPOSSIBLE_DOMAIN: "From names a domain that cannot exist",
}


def doubt_line(doubt: Doubt) -> str:
    """Return a doubt as a line of a picture: its word, the piece of the mail, and what it means."""
    return f"doubtful: {doubt} – {_MEANING[doubt.word]}"
