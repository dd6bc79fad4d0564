"""`[spam]`: addresses to which people send what is to be learned."""

from __future__ import annotations

import pytest

from scop.mesh.config.spam import Spam


@pytest.mark.parametrize("name", ["", "Spam", "spam+x", "a b", "spam@harbor.test", "x" * 65, ".spam"])
def test_spam_mailbox_is_a_local_part(name: str) -> None:
    """In lower case and without a detail, as recipients are compared with it."""
    with pytest.raises(ValueError, match="is no lower-case local part"):
        Spam(spam_mailbox=name)
    with pytest.raises(ValueError, match="is no lower-case local part"):
        Spam(ham_mailbox=name)


def test_spam_mailboxes_are_two() -> None:
    """One address can not mean both."""
    with pytest.raises(ValueError, match="already"):
        Spam(spam_mailbox="learn", ham_mailbox="learn")
    assert ("spam.here", "ham") == (Spam(spam_mailbox="spam.here").spam_mailbox, Spam().ham_mailbox)
