"""A message in pieces: whole again at its end, few objects however small the pieces were."""

from hypothesis import given
from hypothesis import strategies as st

from scop.net.message_pieces import JOINED_OCTETS, SMALL_OCTETS, MessagePieces


@given(st.lists(st.binary(max_size=8) | st.integers(0, 3 * SMALL_OCTETS).map(bytes)))
def test_message_pieces_give_the_message_once(pieces: list[bytes]) -> None:
    """What was added comes out in order, and then nothing is left."""
    held = MessagePieces()
    for piece in pieces:
        held.add(piece)
    assert (b"".join(pieces), b"", 0) == (held.take(), held.take(), len(held))


def test_message_pieces_are_few_however_small_they_come() -> None:
    """RFC 3030 §2: chunks of two octets cost no object each."""
    held = MessagePieces()
    for _ in range(5 * JOINED_OCTETS):
        held.add(b"xy")
    assert len(held) <= 12


def test_message_pieces_can_be_forgotten() -> None:
    """A message that was refused leaves nothing behind."""
    held = MessagePieces()
    for piece in (b"one", b"two", bytes(SMALL_OCTETS), b"three"):
        held.add(piece)
    held.clear()
    assert b"" == held.take()


def test_message_in_one_piece_is_not_copied() -> None:
    """The usual case costs nothing."""
    held, message = MessagePieces(), b"Subject: x\r\n\r\n"
    held.add(message)
    assert held.take() is message
