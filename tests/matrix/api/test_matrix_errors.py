"""What a refusal says: errcode, when to ask again, and which stages of authentication are wanted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.matrix.api.client_server.device_management import DeleteDevice
from scop.matrix.api.client_server.joining import JoinRoom
from scop.matrix.api.errors import Flow, MatrixError, Redirected, UserInteractive, read_error
from scop.matrix.api.http import HttpResponse


def _error(status: int, body: object, **headers: str) -> MatrixError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_error(HttpResponse(status, named, json.dumps(body).encode()))


def test_error_says_what_the_server_said() -> None:
    """Status, errcode, sentence and the other keys of the body are there to be read."""
    error = _error(403, {"errcode": "M_FORBIDDEN", "error": "not you", "org.example": 1})
    assert (403, "M_FORBIDDEN", "not you", 1) == (error.status, error.errcode, error.error, error.body["org.example"])
    assert "M_FORBIDDEN: not you (HTTP 403)" == str(error)
    assert not error.may_pass


def test_error_of_a_request_is_raised() -> None:
    """An answer other than a success is raised where the response is read."""
    with pytest.raises(MatrixError, match="M_NOT_FOUND"):
        JoinRoom(room_id_or_alias="!r").read_response(HttpResponse(404, {}, b'{"errcode": "M_NOT_FOUND"}'))


@pytest.mark.parametrize(
    "body", [b"", b"<html>502</html>", b"[]", b"\xff", b'{"errcode": 5, "error": []}', b"[" * 9999]
)
def test_error_of_a_proxy_is_an_error_too(body: bytes) -> None:
    """A body that is no standard error response is one that says nothing."""
    error = read_error(HttpResponse(502, {}, body))
    assert ("M_UNKNOWN", "the server answered 502", True) == (error.errcode, error.error, error.may_pass)


def test_error_says_nothing_that_moves_a_terminal() -> None:
    """What the log reads of a server's sentence is printable."""
    assert str(_error(400, {"errcode": "M_\x1b[2J", "error": "\x07\r\n"})).isprintable()


@pytest.mark.parametrize(
    ("expected", "milliseconds", "header"),
    [
        (2.0, 2000, None),
        (0.0, 0, None),
        (7.0, 2000, "7"),  # Matrix v1.19 CS §Rate limiting: the header counts first
        (2.0, 2000, "Fri, 31 Dec 1999 23:59:59 GMT"),
        (2.0, 2000, "-1"),
        (2.0, 2000, "١"),
        (3600.0, 3600001, None),
        (3600.0, 10**400, None),
        (3600.0, None, "9" * 400),
        (None, -1, None),
        (None, "soon", None),
        (None, 1.5, None),
        (None, None, None),
    ],
)
def test_error_says_when_to_ask_again(expected: float | None, milliseconds: object, header: str | None) -> None:
    """The header Retry-After counts before retry_after_ms; no answer makes anybody wait longer than an hour."""
    headers = {} if header is None else {"retry_after": header}
    error = _error(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": milliseconds}, **headers)
    assert expected == error.retry_after_seconds
    assert error.may_pass


def test_error_written_by_a_server_is_read_by_a_client() -> None:
    """A refusal goes out with the header and comes in as the same."""
    sent = MatrixError(429, "M_LIMIT_EXCEEDED", "slowly", {"org.example": 1}, 1.5)
    read = read_error(sent.to_http())
    assert "2" == sent.to_http().headers["retry-after"]  # whole seconds, not too few
    assert (429, "M_LIMIT_EXCEEDED", "slowly", 2.0) == (read.status, read.errcode, read.error, read.retry_after_seconds)


@pytest.mark.parametrize(("expected", "soft"), [(True, True), (False, False), (False, "yes"), (False, None)])
def test_error_tells_soft_logout(expected: bool, soft: object) -> None:
    """Matrix CS §Soft logout: the device and its keys count on only where the server says so."""
    assert expected == _error(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "", "soft_logout": soft}).is_soft_logout


_CHALLENGE = {
    "flows": [{"stages": ["m.login.password", "m.login.terms"]}, {"stages": ["m.login.sso"]}],
    "session": "s",
    "params": {"m.login.terms": {"policies": {}}},
}


def test_challenge_is_typed() -> None:
    """A 401 with flows is a question: which stages, in which session, with which parameters."""
    with pytest.raises(UserInteractive) as caught:
        DeleteDevice(device_id="D").read_response(HttpResponse(401, {}, json.dumps(_CHALLENGE).encode()))
    challenge = caught.value
    assert (Flow(("m.login.password", "m.login.terms")), Flow(("m.login.sso",))) == challenge.flows
    assert ("s", (), {"m.login.terms": {"policies": {}}}) == (challenge.session, challenge.completed, challenge.params)
    assert frozenset(["m.login.password", "m.login.sso"]) == challenge.next_stages()


def test_challenge_goes_on_after_a_stage() -> None:
    """What is completed is asked no more; a failed stage says why beside the flows."""
    error = _error(401, {**_CHALLENGE, "completed": ["m.login.password"], "errcode": "M_FORBIDDEN", "error": "no"})
    assert isinstance(error, UserInteractive)
    assert frozenset(["m.login.terms", "m.login.sso"]) == error.next_stages()
    assert ("M_FORBIDDEN", "no") == (error.errcode, error.error)


@pytest.mark.parametrize("flows", [None, {}, [{}], [{"stages": "m.login.password"}], [[]], [{"stages": [1]}]])
def test_challenge_that_is_broken_is_a_refusal(flows: object) -> None:
    """Flows that nobody can pass are read as a plain refusal."""
    assert MatrixError is type(_error(401, {"flows": flows}))


def test_challenge_written_by_a_server_is_read_by_a_client() -> None:
    """A challenge keeps its flows on the way."""
    error = _error(401, _CHALLENGE)
    read = read_error(error.to_http())
    assert isinstance(read, UserInteractive)
    assert isinstance(error, UserInteractive)
    assert (error.flows, error.session) == (read.flows, read.session)


def test_redirect_is_a_fault_of_its_own() -> None:
    """Media may be elsewhere: the status and the place are there to be read, and go out again."""
    error = read_error(HttpResponse(307, {"location": "https://cdn.example.org/a"}, b""))
    assert isinstance(error, Redirected)
    assert ("https://cdn.example.org/a", 307) == (error.location, error.status)
    assert HttpResponse(307, {"location": "https://cdn.example.org/a"}) == error.to_http()
    assert MatrixError is type(read_error(HttpResponse(307, {}, b"")))


@given(st.integers(100, 599), st.dictionaries(st.just("retry-after"), st.text()), st.binary())
def test_error_is_read_of_any_octets(status: int, headers: dict[str, str], body: bytes) -> None:
    """Reading a refusal never fails."""
    assert status == read_error(HttpResponse(status, headers, body)).status
