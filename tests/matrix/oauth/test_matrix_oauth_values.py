"""Proofs, metadata, redirects and forms of OAuth 2.0, against the examples of their RFCs."""

from __future__ import annotations

import base64
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.authorization_server import OAuthHomeserver
from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.oauth_server_metadata import GetAuthMetadata, GetAuthMetadataResponse
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.http import HttpResponse
from scop.matrix.json_values import JsonObject
from scop.matrix.oauth import AuthorizationDenied, AuthorizationServer, CodeAsked, NotOurs, OAuthError, code_of
from scop.matrix.oauth.requests import DeviceAuthorization, ExchangeCode, PollForTokens, RevokeToken, Tokens
from scop.matrix.oauth.server import read_metadata
from scop.matrix.oauth.values import challenge_of, check_scope, new_device_id, new_word

HERE = "http://127.0.0.1:4711/callback"
# RFC 7636 Appendix B
OCTETS = [116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191]
OCTETS += [240, 91, 88, 5, 88, 83, 132, 141, 121]
VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def _metadata(**more: object) -> JsonObject:
    return {**OAuthHomeserver().authorization.metadata(), **more}


def _server(homeserver_url: str = "https://matrix.example.org", /, **more: object) -> AuthorizationServer:
    said: GetAuthMetadataResponse = GetAuthMetadata().read_response(
        HttpResponse(200, {}, msgspec.json.encode(_metadata(**more)))
    )
    return read_metadata(said, homeserver_url)


def _asked(*, says_issuer: bool = True) -> CodeAsked:
    server = _server(authorization_response_iss_parameter_supported=says_issuer)
    return CodeAsked("https://h", server, "s6BhdRkqt3", "ABCDEFGHIJ", None, HERE, "xyz", VERIFIER)


def test_oauth_proof_is_that_of_the_rfc() -> None:
    """The verifier and challenge of RFC 7636 Appendix B come of its octets."""
    assert VERIFIER == new_word(lambda octets: bytes(OCTETS[:octets]))
    assert CHALLENGE == challenge_of(VERIFIER)


def test_oauth_authorization_url_is_that_of_the_specification() -> None:
    """The parameters are those of Matrix v1.19 CS §Authorisation code flow, beside a query that the endpoint has."""
    server = _server(authorization_endpoint="https://account.example.com/oauth2/auth?tenant=a%20b")
    asked = replace(_asked(), server=server)
    assert "https://account.example.com/oauth2/auth" == asked.url.partition("?")[0]
    assert {
        "tenant": ["a b"],
        "response_type": ["code"],
        "client_id": ["s6BhdRkqt3"],
        "redirect_uri": [HERE],
        "scope": ["urn:matrix:client:api:* urn:matrix:client:device:ABCDEFGHIJ"],
        "state": ["xyz"],
        "response_mode": ["query"],
        "code_challenge": [CHALLENGE],
        "code_challenge_method": ["S256"],
    } == parse_qs(urlsplit(asked.url).query)
    assert VERIFIER not in asked.url + repr(asked)


@given(st.binary(min_size=10, max_size=10))
def test_oauth_device_ids_are_of_unreserved_characters(octets: bytes) -> None:
    """A device id is of the characters of RFC 3986 §2.3, long enough, and says its chance (§Device ID allocation)."""
    device_id = new_device_id(lambda _octets: octets)
    assert (16, True) == (len(device_id), device_id.isalnum() and device_id.isascii())
    assert octets == base64.b32decode(device_id)


def test_oauth_forms_are_those_of_the_specification() -> None:
    """Requests to the token endpoint are forms, and show no secret when they are printed (RFC 6749 §4.1.3)."""
    exchange = ExchangeCode(code="iuB7+E", redirect_uri=HERE, client_id="s6BhdRkqt3", code_verifier=VERIFIER)
    http = exchange.to_http("a token of ours")
    assert ("POST", "") == (http.method, http.path)
    assert {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"} == dict(http.headers)
    assert (
        "grant_type=authorization_code&code=iuB7%2BE&redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2Fcallback"
        f"&client_id=s6BhdRkqt3&code_verifier={VERIFIER}" == http.body.decode()
    )
    assert VERIFIER not in repr(exchange)
    poll = PollForTokens(device_code="GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS", client_id="s6BhdRkqt3").to_http()
    assert (
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
        "&device_code=GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS&client_id=s6BhdRkqt3" == poll.body.decode()
    )


def test_oauth_answers_are_read_as_the_rfcs_show_them() -> None:
    """The examples of RFC 6749 §5.1, RFC 8628 §3.2 and of the specification are read."""
    exchange = ExchangeCode(code="c", redirect_uri=HERE, client_id="i", code_verifier=VERIFIER)
    said = b'{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"example","expires_in":3600,'
    said += b'"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","example_parameter":"example_value"}'
    tokens = exchange.read_response(HttpResponse(200, {}, said))
    assert ("2YotnFZFEjr1zCsicMWpAA", 3600, None) == (tokens.access_token, tokens.expires_in, tokens.scope)
    assert "2YotnFZFEjr1zCsicMWpAA" not in repr(tokens)
    with pytest.raises(RemoteProtocolError, match="bearer"):  # RFC 6749 §7.1
        tokens.check()
    Tokens(access_token="a", token_type="bearer").check()
    said = b'{"device_code":"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS","user_code":"WDJB-MJHT",'
    said += b'"verification_uri":"https://example.com/device","expires_in":1800}'
    assert 5 == DeviceAuthorization(**msgspec.json.decode(said)).interval  # RFC 8628 §3.2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":"slow_down"}', OAuthError),
        (401, b'{"error":"invalid_client","error_description":"who?"}', OAuthError),
        (502, b"<html>", MatrixError),
        (404, b'{"errcode":"M_UNRECOGNIZED","error":"no such thing"}', MatrixError),
    ],
)
def test_oauth_refusals_are_told_from_others(status: int, body: bytes, kind: type[Exception]) -> None:
    """A refusal has the word of the RFC (RFC 6749 §5.2); what a proxy or a homeserver says is none of those."""
    with pytest.raises(MatrixError) as refused:
        PollForTokens(device_code="d", client_id="i").read_response(HttpResponse(status, {}, body))
    assert kind is type(refused.value)


def test_oauth_revoking_is_done_whatever_the_body_is() -> None:
    """Any 2xx says that a token is revoked, its body is of no meaning (RFC 7009 §2.2)."""
    revoke = RevokeToken(token="t", token_type_hint="access_token", client_id="c")
    for body in (b"", b"OK", b"null", b"{}"):
        assert revoke.read_response(HttpResponse(200, {}, body)) is not None
    with pytest.raises(OAuthError, match="unsupported_token_type"):
        revoke.read_response(HttpResponse(400, {}, b'{"error":"unsupported_token_type"}'))


BAD_URLS = [
    "http://account.example.org/token",
    "ftp://account.example.org/",
    "https://",
    "https://a@b/",
    "https://h:99999/",
    "https://h/#fragment",
    "https://h/a b",
    "https://h/\n",
    "https://ä.example/",
    "javascript:alert(1)",
    "http://127.0.0.1/token",
]


@pytest.mark.parametrize("url", BAD_URLS)
@pytest.mark.parametrize(
    "name", ["issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint"]
)
def test_oauth_metadata_names_https_alone(name: str, url: str) -> None:
    """Endpoints are https; loopback is asked of nobody by a server elsewhere (RFC 8414 §2)."""
    with pytest.raises(RemoteProtocolError, match="no https URL"):
        _server(**{name: url})


def test_oauth_metadata_of_loopback_may_name_loopback() -> None:
    """A homeserver that is asked by http on this machine may have its authorization server there, and only there."""
    place = "http://127.0.0.1:8080/token"
    assert place == _server("http://localhost:8008", token_endpoint=place).token_endpoint
    with pytest.raises(RemoteProtocolError, match="no https URL"):
        _server("http://localhost:8008", token_endpoint="http://192.0.2.1/token")
    with pytest.raises(RemoteProtocolError, match="query"):
        _server(issuer="https://h/?a=b")


@pytest.mark.parametrize(
    "lacking",
    [
        {"response_types_supported": ["token"]},
        {"grant_types_supported": ["refresh_token"]},
        {"code_challenge_methods_supported": ["plain"]},
        {"response_modes_supported": ["fragment"]},
    ],
)
def test_oauth_metadata_says_whether_browsers_can_come_back(lacking: JsonObject) -> None:
    """Without code, S256 or query there is no such login (§Authorisation code grant); without a grant no device."""
    assert (True, True) == (_server().takes_redirects, _server().takes_devices)
    assert not _server(**lacking).takes_redirects
    assert not _server(grant_types_supported=["authorization_code", "refresh_token"]).takes_devices


def test_oauth_account_page_is_shown_at_what_it_can_do() -> None:
    """The action is one of those that the server names (§Account management URL parameters)."""
    server = _server()
    assert "https://account.example.org/account/" == server.account_url("org.matrix.profile")
    wanted = "https://account.example.org/account/?action=org.matrix.device_delete&device_id=A%26B"
    assert wanted == server.account_url("org.matrix.device_delete", "A&B")
    assert "https://h/?a=b&action=org.matrix.device_delete" == _server(
        account_management_uri="https://h/?a=b"
    ).account_url("org.matrix.device_delete")
    assert _server(account_management_uri="javascript:alert(1)").account_url() is None


def test_oauth_redirect_brings_a_code() -> None:
    """What a browser brings back is the code, by whatever name it called this machine."""
    back = "?code=SplxlOBeZQQYbYS6WxSbIA&state=xyz&iss=https%3A%2F%2Faccount.example.org%2F"
    for place in (HERE, "http://localhost:1/callback", "/callback"):
        assert "SplxlOBeZQQYbYS6WxSbIA" == code_of(_asked(), place + back)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/callback",
        "/callback?code=c&state=other&iss=https://account.example.org/",
        "/callback?code=c&iss=https://account.example.org/",
        "/elsewhere?code=c&state=xyz&iss=https://account.example.org/",
        "/callback?code=c&code=d&state=xyz&iss=https://account.example.org/",
        "/callback?code=&state=xyz&iss=https://account.example.org/",
        "/callback?error=access_denied&state=other",
        "http://[/callback",
        "\udcff",
        "/callback?" + "a=b&" * 100,
    ],
)
def test_oauth_redirect_that_nobody_asked_for_is_none(url: str) -> None:
    """Without our state, at another place, or with a parameter twice it is no answer (RFC 6749 §3.1, §10.12)."""
    with pytest.raises(NotOurs):
        code_of(_asked(), url)


@given(st.text())
def test_oauth_redirects_raise_nothing_else(text: str) -> None:
    """Whatever is pasted, it is a code or a fault of what came."""
    for url in (text, f"/callback?{text}", f"/callback?state=xyz&{text}"):
        try:
            code_of(_asked(), url)
        except RemoteProtocolError:
            continue


def test_oauth_redirect_of_another_server_ends_the_login() -> None:
    """A mixed-up issuer, or none where the server says that it names it, is no code of ours (RFC 9207 §2.4)."""
    for issuer in ("&iss=https%3A%2F%2Fevil.example%2F", "&iss=https%3A%2F%2Faccount.example.org", "&iss=", ""):
        with pytest.raises(RemoteProtocolError, match="another authorization server") as mixed:
            code_of(_asked(), f"/callback?code=c&state=xyz{issuer}")
        assert not isinstance(mixed.value, NotOurs)
    silent = _asked(says_issuer=False)
    assert "c" == code_of(silent, "/callback?code=c&state=xyz")
    with pytest.raises(RemoteProtocolError, match="another authorization server"):
        code_of(silent, "/callback?code=c&state=xyz&iss=https%3A%2F%2Fevil.example%2F")


def test_oauth_redirect_may_say_no() -> None:
    """A refusal that comes back with our state ends the login, with the server's words (RFC 6749 §4.1.2.1)."""
    with pytest.raises(AuthorizationDenied, match=r"access_denied: no\\x1b") as denied:
        code_of(
            _asked(),
            "/callback?error=access_denied&error_description=no%1b&state=xyz&iss=https%3A%2F%2Faccount.example.org%2F",
        )
    assert "access_denied" == denied.value.error


def test_oauth_grants_hold_what_was_asked_for() -> None:
    """Less than the API and our device is no login; a scope that is not said is the one asked for (RFC 6749 §5.1)."""
    asked = _asked()
    check_scope(asked, None)
    check_scope(asked, f"openid {asked.scope}")
    for granted in ("", "urn:matrix:client:api:*", asked.scope.replace("ABCDEFGHIJ", "OTHER")):
        with pytest.raises(RemoteProtocolError, match="grants no more"):
            check_scope(asked, granted)
