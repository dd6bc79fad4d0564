"""`[devices]`: who is where a device is, and uses its sender, submits without a password; nobody else does."""

from __future__ import annotations

import smtplib

import pytest

from fakes.submission_mesh import HOST, Setting, submission_mesh
from scop.cells.submission.devices import Devices
from scop.mesh.config import Device
from scop.smtp import Mailbox
from scop.smtp.stamps import split_stamps

SCANNER = Device(("127.0.0.0/8", "2001:db8::5/128"), ("Scanner@harbor.test", "alarm@harbor.test"))
BESIDE = Device(("127.0.0.1/32",), ("meter@harbor.test",))
ELSEWHERE = Device(("192.0.2.7",), ("fax@harbor.test",))
DEVICES = {"scanner": SCANNER, "meter": BESIDE, "fax": ELSEWHERE}
HERE = Setting(devices=DEVICES)
BODY = b"To: bob@lagoon.test\r\nSubject: scan\r\n\r\nbody\r\n"


@pytest.mark.parametrize(
    ("address", "sender", "expected"),
    [
        ("127.0.0.1", "scanner@harbor.test", "scanner"),
        ("127.0.0.1", "ALARM@harbor.test", "scanner"),
        ("127.0.0.1", "meter@harbor.test", "meter"),
        ("127.0.0.2", "meter@harbor.test", ""),
        ("2001:db8::5", "scanner@harbor.test", "scanner"),
        ("127.0.0.1", "fax@harbor.test", ""),
        ("192.0.2.7", "fax@harbor.test", "fax"),
        ("192.0.2.7", "scanner@harbor.test", ""),
        ("192.0.2.7", "", ""),
        ("", "scanner@harbor.test", ""),
    ],
)
def test_device_is_known_by_place_and_sender(address: str, sender: str, expected: str) -> None:
    """Both must fit one device; the null reverse path is nobody's."""
    found = Devices(DEVICES).find(address, Mailbox.parse(sender) if sender else None)
    assert expected == (found.name if found else "")


@pytest.mark.parametrize("device", [{"addresses": (), "senders": ("a@b",)}, {"addresses": ("::1",), "senders": ()}])
def test_device_that_allows_nothing_is_no_device(device: dict[str, tuple[str, ...]]) -> None:
    """A device has at least one address and one sender."""
    with pytest.raises(ValueError, match="at least one"):
        Device(**device)


@pytest.mark.parametrize("sender", ["", "@", "a@", "a", "a@b@c", "a b@c"])
def test_device_sender_is_an_address(sender: str) -> None:
    """What no mail can come from is a mistake in the configuration."""
    with pytest.raises(ValueError, match="senders"):
        Device(("::1",), (sender,))


async def test_device_submits_without_a_password() -> None:
    """At 587, in the clear too, for no secret is sent; what is missing is added in its name."""

    def work(client: smtplib.SMTP) -> None:
        client.sendmail("scanner@harbor.test", ["bob@lagoon.test"], BODY)

    async with submission_mesh(HERE) as mesh:
        await mesh.with_client(work, mesh.clear)
        await mesh.with_client(work, mesh.client)
    for octets, mail, protocol in zip(mesh.records.messages, mesh.records.mails, ("ESMTP", "ESMTPS"), strict=True):
        stamps, below = split_stamps(octets, HOST)
        assert below.startswith(b"From: scanner@harbor.test\r\n")
        assert f"with {protocol}\r\n".encode() in stamps
        assert mail.auth is None
    assert ["device scanner"] * 2 == [line["account"] for line in mesh.log.lines if line["event"] == "mail.accepted"]
    assert [] == mesh.keeper.asked


@pytest.mark.parametrize("sender", ["alice@harbor.test", "fax@harbor.test", ""])
async def test_device_may_use_its_senders_only(sender: str) -> None:
    """Everything else is 530, as for anybody who has not logged in."""
    async with submission_mesh(HERE) as mesh:
        assert 530 == await mesh.with_client(lambda client: client.mail(sender)[0], mesh.client)
    assert [] == mesh.records.mails


@pytest.mark.parametrize(
    "author", [b"alice@harbor.test", b"scanner@harbor.test, alice@harbor.test", b"meter@harbor.test"]
)
async def test_device_writes_in_its_own_name(author: bytes) -> None:
    """From must be one of the device's senders too."""

    def work(client: smtplib.SMTP) -> int:
        client.mail("scanner@harbor.test")
        client.rcpt("bob@lagoon.test")
        return client.data(b"From: " + author + b"\r\n" + BODY)[0]

    async with submission_mesh(HERE) as mesh:
        assert 550 == await mesh.with_client(work, mesh.client)
    assert [] == mesh.records.messages


async def test_device_that_logs_in_is_a_user() -> None:
    """From then on the account decides, not the place."""

    def work(client: smtplib.SMTP) -> list[int]:
        return [client.mail("scanner@harbor.test")[0], client.mail("alice@harbor.test")[0]]

    async with submission_mesh(HERE) as mesh:
        assert [550, 250] == await mesh.with_client(work)


async def test_elsewhere_a_login_is_required() -> None:
    """The devices of other addresses open no door here."""
    async with submission_mesh(Setting(devices={"fax": ELSEWHERE})) as mesh:
        assert 530 == await mesh.with_client(lambda client: client.mail("fax@harbor.test")[0], mesh.client)
