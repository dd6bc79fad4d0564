"""A homeserver in memory: it answers typed requests as a real one does, and a desk drives steps against it.

    server = FakeHomeserver()
    server.register("alice", "secret")
    desk = Desk(server)                       # keeps what its client keeps; a new Client of desk.kept is a restart
    client = desk.client()
    desk.run(client.login_with_password(server.url, "alice", "secret"))

Faults come by `desk.before` and `desk.after`: they are asked before, or after, what is needed is done, and may raise.
What the server does not know of is put into `server.answers`, by the type of the request.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

import msgspec

from fakes.homeserver_answers import Answering, all_answers
from fakes.homeserver_keys import FakeDevice, FakeKeys
from fakes.homeserver_refusal import refusal
from fakes.homeserver_rooms import FakeRooms
from fakes.jumping_clock import JumpingClock
from scop.matrix.api.http import HttpResponse
from scop.matrix.api.request import Request
from scop.matrix.client import Client, ClientOptions
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import AskElsewhere, Change, Forget, Keep, Needed, Shelf, Steps, Stretch, Surroundings, run

__all__ = ["Broken", "Counting", "Desk", "FakeHomeserver", "refusal"]

_Outcome = TypeVar("_Outcome")


class Broken(Exception):
    """The process ended, or the network did."""


class Counting:
    """Chance that counts: octets nobody could guess, if they did not know."""

    def __init__(self, start: int = 0) -> None:
        self._numbers = count(start)

    def __call__(self, octets: int) -> bytes:
        """Return the next number."""
        return next(self._numbers).to_bytes(octets, "big")


class FakeHomeserver:
    """One homeserver and its users."""

    def __init__(self, server_name: str = "example.org") -> None:
        self.server_name = server_name
        self.url = f"https://matrix.{server_name}"
        self.rooms = FakeRooms(server_name)
        self.keys = FakeKeys()
        self.passwords: dict[str, str] = {}
        self.tokens: dict[str, FakeDevice] = {}
        self.refresh_tokens: dict[str, FakeDevice] = {}
        self.account_data: dict[tuple[str, str], dict[str, tuple[int, JsonObject]]] = {}  # by user and room
        self.media: dict[str, bytes] = {}
        self.filters: list[JsonObject] = []
        self.asked: list[Request[Any]] = []  # all that was asked, in order
        self.has_state_after = True
        self.expires_in_ms: int | None = None
        self.answers: dict[type[Request[Any]], Answering] = {}
        self._numbers = count(1)
        self.answers |= all_answers(self)

    def register(self, localpart: str, password: str = "secret") -> str:
        """Make a user and return their id."""
        user_id = f"@{localpart}:{self.server_name}"
        self.passwords[user_id] = password
        return user_id

    def device(self, user_id: str, device_id: str) -> FakeDevice:
        """Return a device, a new one where there is none."""
        return self.keys.devices.setdefault((user_id, device_id), FakeDevice(user_id, device_id))

    def new_token(self, device: FakeDevice) -> str:
        """Return an access token for a device."""
        token = f"token{next(self._numbers)}"
        self.tokens[token] = device
        return token

    def end_token(self, token: str) -> None:
        """Take a token no longer."""
        del self.tokens[token]

    def answer(self, token: str | None, request: Request[Any]) -> object:
        """Return the response to a request; raises `MatrixError`."""
        self.asked.append(request)
        device = self.tokens.get(token or "")
        http = request.to_http(token)
        if any(name == "authorization" for name, _ in http.headers) and device is None:
            raise refusal(401, "M_UNKNOWN_TOKEN", soft_logout=True)
        kind = next((one for one in type(request).__mro__ if one in self.answers), None)
        if kind is None:
            raise refusal(404, "M_UNRECOGNIZED")
        made = self.answers[kind](device, type(request).from_http(http))
        body = made if isinstance(made, bytes) else msgspec.json.encode(made)
        return request.read_response(HttpResponse(200, {}, body))

    def token_answer(self, kind: str, device: FakeDevice) -> JsonObject:
        """Return tokens for a device."""
        answer: JsonObject = {"access_token": self.new_token(device)}
        if kind == "refreshing" or self.expires_in_ms is not None:
            answer["refresh_token"] = f"refresh{next(self._numbers)}"
            self.refresh_tokens[str(answer["refresh_token"])] = device
        if self.expires_in_ms is not None:
            answer["expires_in_ms"] = self.expires_in_ms
        return answer

    def put_account_data(self, user_id: str, room_id: str, kind: str, content: JsonObject) -> None:
        """Keep something for a user; `room_id` is empty for what is about no room."""
        self.account_data.setdefault((user_id, room_id), {})[kind] = (self.rooms.step(), content)


class Desk:
    """Drives steps of one client against a server, and keeps what they keep."""

    def __init__(
        self, server: FakeHomeserver, chance: Callable[[int], bytes] | None = None, *, encrypts: bool = False
    ) -> None:
        self.server = server
        self.clock = JumpingClock()
        self.surroundings = Surroundings(self.clock, chance or Counting())
        self.kept: dict[Shelf, dict[str, bytes]] = {shelf: {} for shelf in Shelf}
        self.keeps: list[tuple[Change, ...]] = []
        self.before: list[Callable[[Needed], None]] = []  # each may raise: what is needed is not done then
        self.after: list[Callable[[Needed], None]] = []  # each may raise: it was done, and nobody was told
        self.token: str | None = None  # for those who have no client
        self._encrypts = encrypts
        self._client: Client | None = None

    def client(self, options: ClientOptions | None = None) -> Client:
        """Return a client of what is kept, as after a restart."""
        options = options or ClientOptions(encrypts=self._encrypts)
        self._client = Client(
            None, {shelf: dict(names) for shelf, names in self.kept.items()}, self.surroundings, options
        )
        return self._client

    def run(self, steps: Steps[_Outcome]) -> _Outcome:
        """Drive steps to their end."""
        return run(steps, self.answer)

    def answer(self, needed: Needed) -> object:
        """Return what is needed."""
        if isinstance(needed, Keep) and self._client is not None:
            self._client.keeps(needed.changes)
        for fault in self.before:
            fault(needed)
        answer = self._answer(needed)
        for fault in self.after:
            fault(needed)
        return answer

    def _answer(self, needed: Needed) -> object:
        if isinstance(needed, Keep):
            self.put(needed.changes)
            return None
        if isinstance(needed, Forget):
            self.kept = {shelf: {} for shelf in Shelf}
            return None
        if isinstance(needed, AskElsewhere):
            return self.server.answer(needed.token, needed.request)
        assert not isinstance(needed, Stretch)  # `run` makes keys
        session = self._client.session if self._client is not None else None
        return self.server.answer(self.token or (session.access_token if session else None), needed)

    def put(self, changes: tuple[Change, ...]) -> None:
        """Keep changes."""
        self.keeps.append(changes)
        for change in changes:
            if change.octets is None:
                self.kept[change.shelf].pop(change.key, None)
            else:
                self.kept[change.shelf][change.key] = change.octets
