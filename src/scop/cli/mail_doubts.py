"""What the doubts about a mail's author mean, for people: the words themselves are for logs and programs."""

from __future__ import annotations

from scop.dmarc import Doubt

__all__ = ["doubt_line"]

_MEANING = {
    "no_from": "there is no From field",
    "no_author_domain": "From names no address with a domain",
    "from_too_long": "From is too long to be read to its end",
    "several_from": "there is more than one From field, and readers differ in which they show",
    "many_domains": "From names more domains than are checked",
    "hidden_from": "a From field stands where only some readers see it",
    "unclear_header_end": "readers differ in where the header ends",
    "control_character": "control characters stand in the header",
    "encoded_address": "another address comes out where encoded words are decoded",
    "hidden_address": "another address stands in quotes or in a comment",
    "duplicate_field": "a field that stands once is there twice",
    "several_domains": "From names several domains, and each is checked",
    "group": "From names a group",
    "other_sender": "Sender names another domain, which some programs show",
    "impossible_domain": "From names a domain that cannot exist",
}


def doubt_line(doubt: Doubt) -> str:
    """Return a doubt as a line of a picture: its word, the piece of the mail, and what it means."""
    return f"doubtful: {doubt} – {_MEANING[doubt.word]}"
