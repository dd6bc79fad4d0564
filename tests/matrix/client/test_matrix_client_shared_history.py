"""What was said in an encrypted room before somebody came, read by who was asked in."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from fakes.homeserver import Counting, Desk, FakeHomeserver, refusal
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.client_server.content_repo import UploadContent
from scop.matrix.api.client_server.inviting import InviteUser
from scop.matrix.client import Client, ClientOptions
from scop.matrix.client.happenings import RoomEvent
from scop.matrix.encryption import KeySource, Machine, Newcomer, Trust, decrypt_file
from scop.matrix.steps import Keep, Shelf, Steps

_ALICE, _BOB = "@alice:example.org", "@bob:example.org"


class World:
    """Alice in an encrypted room where something was said, and Bob, who is not there yet; each signed their device."""

    def __init__(self, options: ClientOptions | None = None) -> None:
        self.server = FakeHomeserver()
        self.desks: dict[str, Desk] = {}
        self.clients: dict[str, Client] = {}
        for number, name in enumerate(("alice", "bob")):
            self.server.register(name)
            desk = self.desks[name] = Desk(self.server, Counting(number << 60), encrypts=True)
            client = self.clients[name] = desk.client(options)
            desk.run(client.login_with_password(self.server.url, name, "secret"))
            desk.run(client.sync())
        places = [self.machine(name).own_device.place for name in ("alice", "bob")]
        for name in ("alice", "bob"):
            self.machine(name).trusting = Newcomer(dict.fromkeys(places, Trust.SIGNED))
        self.room = self.server.rooms.make(_ALICE, is_encrypted=True)
        self.sync("alice")

    def machine(self, name: str) -> Machine:
        """Return the encryption of somebody."""
        machine = self.clients[name].encryption
        assert machine is not None
        return machine

    def sync(self, name: str) -> list[str]:
        """Return the words that are new for somebody."""
        news = self.desks[name].run(self.clients[name].sync())
        said = [one.event for one in news if isinstance(one, RoomEvent) and one.was_encrypted]
        return [event.body for event in said]

    def say(self, body: str) -> None:
        """Let Alice say something."""
        self.desks["alice"].run(self.clients["alice"].send_text(self.room, body))

    def invite(self) -> None:
        """Let Alice ask Bob in, and him hear of it."""
        self.desks["alice"].run(self.clients["alice"].joining.invite(self.room, _BOB))
        self.sync("bob")

    def join(self) -> None:
        """Let Bob come, and hear of that."""
        self.desks["bob"].run(self.clients["bob"].joining.join(self.room))
        self.sync("bob")

    def restart_without_keys(self) -> None:
        """Let Alice begin anew, her keys of rooms lost."""
        desk, trusting = self.desks["alice"], self.machine("alice").trusting
        desk.kept[Shelf.INBOUND].clear()
        self.clients["alice"] = desk.client()
        self.machine("alice").trusting = trusting

    def uploads(self) -> int:
        """Return how many files were put up."""
        return sum(isinstance(request, UploadContent) for request in self.server.asked)


def test_guest_reads_what_was_said_before() -> None:
    """Matrix v1.19 CS §Sharing keys between users: keys come with the invitation, and are taken when it is accepted."""
    world = World()
    world.say("the tide was low")
    world.invite()
    shared = world.clients["bob"].shared_history
    assert shared.due() == ()
    world.join()
    (bundle,) = shared.due()
    octets = decrypt_file(world.server.media[bundle.file.url], bundle.file)
    assert b"low" not in world.server.media[bundle.file.url]
    assert world.desks["bob"].run(shared.take(bundle, octets)) == 1
    assert shared.due() == ()
    assert world.sync("bob") == ["the tide was low"]


def test_guest_gets_what_was_in_a_backup() -> None:
    """Matrix v1.19 CS §Construction and sharing of the key bundle, step 1: keys in a backup are fetched first."""
    world = World()
    world.say("the tide was low")
    machine = world.machine("alice")
    (info,) = machine.sessions()
    exported = machine.export(info.room_id, info.session_id)
    assert exported is not None
    world.restart_without_keys()

    def restore(room_id: str) -> Steps[int]:
        assert room_id == world.room
        return (yield from world.machine("alice").import_sessions([exported], KeySource.BACKUP))

    world.clients["alice"].shared_history.restore_by(restore)
    world.invite()
    world.join()
    assert len(world.clients["bob"].shared_history.due()) == 1


@pytest.mark.parametrize("fault", [LocalProtocolError("no key"), refusal(404, "M_NOT_FOUND")])
def test_guest_gets_what_there_is_without_a_backup(fault: Exception) -> None:
    """Where there is no backup, or no key to it, what is here is shared."""
    world = World()
    world.say("the tide was low")

    def restore(_room_id: str) -> Steps[None]:
        yield Keep(())
        raise fault

    world.clients["alice"].shared_history.restore_by(restore)
    world.invite()
    assert world.uploads() == 1


@pytest.mark.parametrize("octets", [None, b"no keys"])
def test_guest_gives_up_what_is_gone(octets: bytes | None) -> None:
    """Matrix v1.19 CS §Receiving a key bundle event: what cannot be had, or is none, is not asked for for ever."""
    world = World()
    world.say("the tide was low")
    world.invite()
    world.join()
    shared = world.clients["bob"].shared_history
    (bundle,) = shared.due()
    with nullcontext() if octets is None else pytest.raises(RemoteProtocolError, match="no JSON"):
        world.desks["bob"].run(shared.take(bundle, octets))
    assert shared.due() == ()


def test_nothing_is_shared_of_a_room_that_hides_its_history() -> None:
    """Matrix v1.19 CS §Construction and sharing of the key bundle: what hides its history now shares none of before."""
    world = World()
    world.say("the tide was low")
    world.server.rooms.put_state(world.room, _ALICE, "m.room.history_visibility", {"history_visibility": "invited"})
    world.sync("alice")
    world.invite()
    assert world.uploads() == 0


def test_nothing_is_shared_where_that_is_not_wanted() -> None:
    """Matrix v1.19 CS §Construction and sharing of the key bundle: a client may choose not to share any history."""
    world = World(ClientOptions(shares_history=False))
    world.say("the tide was low")
    world.invite()
    assert world.uploads() == 0


def test_nothing_is_put_up_for_nobody() -> None:
    """Without something said, or a signed device to read it, there is no file."""
    world = World()
    world.invite()
    world.say("the tide was low")
    world.machine("alice").trusting = Newcomer()
    world.invite()
    assert world.uploads() == 0


def test_guest_is_asked_in_where_nothing_can_be_shared() -> None:
    """A server that takes no file takes the invitation all the same."""
    world = World()
    world.say("the tide was low")

    def full(_device: object, _request: object) -> dict[str, object]:
        raise refusal(413, "M_TOO_LARGE")

    world.server.answers[UploadContent] = full
    world.invite()
    assert any(isinstance(request, InviteUser) for request in world.server.asked)
    world.join()
    assert world.clients["bob"].shared_history.due() == ()
