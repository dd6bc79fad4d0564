"""Status codes in plain words: why it happened, and what the sender of the mail can do.

The class (4 or 5) says whether it was tried again, which the notice tells by itself: so the words go by subject and
detail alone.

Standards: RFC 3463 §3; the IANA registry of enhanced status codes (RFC 5248) with RFC 7505, RFC 7372, RFC 8689.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ASK_POSTMASTER", "Words", "words_of"]


class Words(NamedTuple):
    """Why, and what now; each one sentence or more."""

    why: str
    advice: str


_CHECK_ADDRESS = "Check the address for a slip of the pen, or ask the person for it in another way."
_SEND_AGAIN = "Send the mail again later."
_TELL_RECIPIENT = "Tell the person in another way that your mail did not come through: only the service there can help."
_SMALLER = "Make the mail smaller, or share large files in another way and send where they are."
ASK_POSTMASTER = "Ask your own mail administrator, and show this report."

_UNKNOWN = Words(
    "The other mail system gave no clear reason.", "Read what it said, or ask your own mail administrator."
)

_DETAILS = {
    "1.0": Words("Something is wrong with the address.", _CHECK_ADDRESS),
    "1.1": Words("There is no mailbox with this address.", _CHECK_ADDRESS),
    "1.2": Words("The part of the address after the @ is no place that takes mail.", _CHECK_ADDRESS),
    "1.3": Words("The address is not written as an address must be.", _CHECK_ADDRESS),
    "1.4": Words("The address could stand for more than one person.", _CHECK_ADDRESS),
    "1.6": Words("The mailbox has moved, and nobody said where to.", _CHECK_ADDRESS),
    "1.7": Words("The other mail system does not take your own address as a sender.", ASK_POSTMASTER),
    "1.8": Words("The other mail system could not find the domain of your own address.", ASK_POSTMASTER),
    "1.10": Words("The domain of this address says that it takes no mail at all.", _CHECK_ADDRESS),
    "2.0": Words("Something is wrong with the mailbox.", _TELL_RECIPIENT),
    "2.1": Words("The mailbox is switched off and takes no mail.", _TELL_RECIPIENT),
    "2.2": Words("The mailbox is full.", "Wait until the person has made room, then send the mail again."),
    "2.3": Words("The mail is larger than this mailbox takes.", _SMALLER),
    "2.4": Words("The address is a mailing list that could not be resolved.", _TELL_RECIPIENT),
    "3.0": Words("The other mail system has a problem of its own.", _SEND_AGAIN),
    "3.1": Words("The other mail system has no room left.", _SEND_AGAIN),
    "3.2": Words("The other mail system takes no mail at present.", _SEND_AGAIN),
    "3.3": Words("The other mail system lacks a feature that your mail needs.", ASK_POSTMASTER),
    "3.4": Words("The mail is larger than the other mail system takes.", _SMALLER),
    "3.5": Words("The other mail system is not set up correctly.", _TELL_RECIPIENT),
    "4.0": Words("There is a problem on the way to the other mail system.", _SEND_AGAIN),
    "4.1": Words("The other mail system could not be reached or did not answer.", _SEND_AGAIN),
    "4.2": Words("The connection to the other mail system broke off.", _SEND_AGAIN),
    "4.3": Words("The names that say where the mail goes could not be looked up.", _SEND_AGAIN),
    "4.4": Words("There is no way known to the other mail system.", _CHECK_ADDRESS),
    "4.5": Words("The other mail system has more mail than it can take at present.", _SEND_AGAIN),
    "4.6": Words("The mail would go in circles between mail systems.", ASK_POSTMASTER),
    "4.7": Words("The time for delivering the mail ran out.", _SEND_AGAIN),
    "5.0": Words("The two mail systems did not understand each other.", ASK_POSTMASTER),
    "5.3": Words(
        "The mail has more recipients than the other mail system takes at once.", "Send it to fewer people at a time."
    ),
    "6.0": Words("Something in the content of the mail could not be carried.", ASK_POSTMASTER),
    "6.1": Words(
        "The other mail system does not take this kind of content.",
        "Send the content in another form, such as plain text.",
    ),
    "6.3": Words(
        "The other mail system does not take a mail in this encoding.",
        "Send it without letters beyond plain English, or in another form.",
    ),
    "6.7": Words(
        "The other mail system takes no addresses or headers beyond plain English letters.",
        "Use an address in plain English letters, if the person has one.",
    ),
    "7.0": Words("The other mail system did not take the mail because of its rules.", _TELL_RECIPIENT),
    "7.1": Words("The other mail system did not take the mail because of its rules.", _TELL_RECIPIENT),
    "7.2": Words("You are not allowed to write to this mailing list.", "Ask the owner of the list."),
    "7.4": Words("The other mail system cannot protect the mail as it must be.", ASK_POSTMASTER),
    "7.5": Words("The mail could not be sent under the protection that it needs.", ASK_POSTMASTER),
    "7.10": Words(
        "The mail could not be sent under the protection that you or the other side ask for.", ASK_POSTMASTER
    ),
    "7.20": Words("The other mail system found no valid signature in the mail.", ASK_POSTMASTER),
    "7.23": Words("The other mail system does not accept mail of your domain from here (SPF).", ASK_POSTMASTER),
    "7.25": Words("The other mail system does not accept mail from a host without a proper name.", ASK_POSTMASTER),
    "7.26": Words("The other mail system could not tell that the mail is really yours.", ASK_POSTMASTER),
    "7.27": Words("Your own address takes no mail, so its mail is not taken either.", ASK_POSTMASTER),
    "7.28": Words("Too much mail came in a short time.", "Wait for some hours, then send the mail again."),
    "7.30": Words(
        "No host on the way can protect the mail as you ask for (REQUIRETLS).",
        "Send it without that wish, if the content allows it.",
    ),
}


# A server that answers by a 5yz has answered: Exchange Online means by it that the recipient is not there.
_NO_ANSWER_SAID_FOR_GOOD = Words("Most likely there is no mailbox with this address.", _CHECK_ADDRESS)


def words_of(status: str) -> Words:
    """Return what a status code means to a person, by its detail, else by its subject."""
    if status == "5.4.1":
        return _NO_ANSWER_SAID_FOR_GOOD
    _, _, detail = status.partition(".")
    return _DETAILS.get(detail) or _DETAILS.get(f"{detail.partition('.')[0]}.0", _UNKNOWN)
