"""What a client answers, mechanism by mechanism."""

import pytest

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp.sasl.answers import answers_of, is_secret_in_clear


@pytest.mark.parametrize(
    ("mechanism", "initial", "expected"),
    [
        ("PLAIN", b"\0alice\0secret", [b"\0alice\0secret"]),
        ("LOGIN", None, [b"alice", b"secret"]),
        ("EXTERNAL", b"alice", [b"alice"]),
    ],
)
@pytest.mark.parametrize("asked", ["", "VXNlcm5hbWU6", "Username:", "go ahead, please"])
def test_answers_go_by_how_often_was_asked(
    mechanism: str, initial: bytes | None, expected: list[bytes], asked: str
) -> None:
    """Whatever words a server asks in it gets the same, and no more than there is."""
    answers = answers_of(mechanism, "alice", "secret")
    assert initial == answers.initial
    assert expected == [answers.answer(asked) for _ in expected]
    answers.check_success()
    with pytest.raises(RemoteProtocolError):
        answers.answer(asked)


def test_answers_of_scram_follow_the_vector() -> None:
    """RFC 7677 §3, with the messages in base64 as SMTP has them."""
    answers = answers_of("SCRAM-SHA-256", "user", "pencil", nonce="rOprNGfwEbeRWgbNEkqO")
    assert b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO" == answers.initial == answers.answer("")
    first = (
        "cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxp"
        "PTQwOTY="
    )
    assert answers.answer(first).endswith(b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    with pytest.raises(RemoteProtocolError):
        answers.check_success()
    assert b"" == answers.answer("dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==")
    answers.check_success()
    with pytest.raises(RemoteProtocolError):  # all is said: who asks on is not answered for ever
        answers.answer("dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==")


def test_answers_of_scram_need_base64() -> None:
    """RFC 4954 §4."""
    answers = answers_of("SCRAM-SHA-256", "user", "pencil", nonce="x")
    with pytest.raises(RemoteProtocolError):
        answers.answer("go ahead, please")


def test_answers_of_what_is_not_known() -> None:
    """To ask for it is our own fault."""
    with pytest.raises(LocalProtocolError):
        answers_of("CRAM-MD5", "user", "pencil")


def test_answers_that_give_the_password_away_are_named() -> None:
    """RFC 4954 §4: those go under TLS only."""
    assert ["PLAIN", "LOGIN"] == [
        each for each in ("PLAIN", "LOGIN", "EXTERNAL", "SCRAM-SHA-256") if is_secret_in_clear(each)
    ]
