"""What is shown of requests and answers, in logs and tracebacks, holds no secrets."""

from __future__ import annotations

import pytest

from scop.matrix.api.client_server.definitions import AuthenticationData
from scop.matrix.api.client_server.joining import JoinRoom
from scop.matrix.api.client_server.login import Login, LoginResponse
from scop.matrix.api.client_server.login_token import GenerateLoginTokenResponse
from scop.matrix.api.client_server.password_management import ChangePassword
from scop.matrix.api.client_server.refresh import Refresh
from scop.matrix.api.client_server.whoami import GetTokenOwner
from scop.matrix.api.endpoint import Body
from scop.matrix.api.http import HttpRequest, HttpResponse

_SECRETS = ("syt_secret", "hunter2")
_SHOWN: list[Body | HttpRequest | HttpResponse] = [
    Login(type="m.login.password", password="hunter2"),
    Login(type="m.login.token", token="syt_secret"),
    LoginResponse(user_id="@a:x", device_id="D", access_token="syt_secret", refresh_token="syt_secret"),
    Refresh(refresh_token="syt_secret"),
    ChangePassword(
        new_password="hunter2", auth=AuthenticationData(type="m.login.password", unknown={"password": "hunter2"})
    ),
    GenerateLoginTokenResponse(login_token="syt_secret", expires_in_ms=1),
    GetTokenOwner().to_http("syt_secret"),
    Login(type="m.login.password", password="hunter2").to_http(),
    HttpResponse(200, {}, b'{"access_token": "syt_secret"}'),
]


@pytest.mark.parametrize("value", _SHOWN, ids=lambda value: type(value).__name__)
def test_what_is_shown_in_logs_holds_no_secrets(value: object) -> None:
    """Whatever prints a request or an answer shows neither tokens nor passwords."""
    assert not any(secret in repr(value) for secret in _SECRETS)


def test_what_is_shown_in_logs_tells_what_it_is() -> None:
    """A request shows what it asks for; what is absent is left out."""
    assert "JoinRoom(room_id_or_alias='#sea:x', reason='waves')" == repr(
        JoinRoom(room_id_or_alias="#sea:x", reason="waves")
    )
    assert "Login(type='m.login.password', password=…)" == repr(Login(type="m.login.password", password="hunter2"))
