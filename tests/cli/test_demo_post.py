"""The demo's mail client."""

from __future__ import annotations

import smtplib

import pytest

from scop.cli.demo.post import Login, one_line, open_client


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.0.0 Ok", "2.0.0 Ok"),
        ("5.7.1 Refused:\n5.7.1 neither SPF nor DKIM", "5.7.1 Refused: neither SPF nor DKIM"),
        ("first\nsecond", "first second"),
    ],
)
def test_demo_post_a_reply_of_many_lines_is_shown_as_one(text: str, expected: str) -> None:
    """The enhanced code, which each line repeats, is said once."""
    assert expected == one_line(text)


class _Refusing:
    """A connection whose server takes no password."""

    made: list[_Refusing] = []  # noqa: RUF012 - emptied by the test

    def __init__(self, *_place: object, **_options: object) -> None:
        self.is_closed = False
        self.made.append(self)

    def login(self, user: str, _password: str) -> None:
        raise smtplib.SMTPAuthenticationError(535, user.encode())

    def close(self) -> None:
        self.is_closed = True


def test_demo_post_hangs_up_where_its_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody will use is closed, not left to the collector of garbage."""
    monkeypatch.setattr(smtplib, "SMTP_SSL", _Refusing)
    _Refusing.made.clear()
    with pytest.raises(smtplib.SMTPAuthenticationError):
        open_client(Login("127.0.0.1", 465, "alice", "wrong"))
    assert [True] == [client.is_closed for client in _Refusing.made]
