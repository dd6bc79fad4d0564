"""Which command lines are kept for the next time they come."""

from scop.smtp import ServerOptions, commands
from scop.smtp.commands import read_command
from scop.smtp.offers import offers_on
from scop.smtp.options import Channel

CHANNEL = Channel(ServerOptions("mx.harbor.test", tls_active=True, auth_mechanisms=("PLAIN",)), True, extended=True)


def test_line_with_a_password_is_not_kept() -> None:
    """What AUTH says is gone once the session has it."""
    before = commands._kept_words.cache_info()
    read_command(b"AUTH PLAIN AGFsaWNlAG9wZW4gc2VzYW1l", CHANNEL, offers_on(CHANNEL))
    assert before == commands._kept_words.cache_info()


def test_line_that_is_kept_means_the_same_again() -> None:
    """The second reading of a line is equal to the first, and to that of the line in lower case."""
    lines = (b"MAIL FROM:<a@b.test> SIZE=9 BODY=8BITMIME",) * 2 + (b"mail from:<a@b.test> size=9 body=8BITMIME",)
    assert len({read_command(line, CHANNEL, offers_on(CHANNEL)) for line in lines}) == 1
