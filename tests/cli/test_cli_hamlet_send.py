"""`scop hamlet send`: through a mesh that runs, and what is made of the figures."""

from __future__ import annotations

import pytest

from fakes.command_line import Said, scop
from fakes.real_mesh import PASSWORD, RunningWorld
from scop.cli.hamlet_results import Received, Results, Sent
from scop.cli.mail_files import on_the_wire
from scop.mesh.vocabulary.keeper import SendAs


def results(received: list[Received]) -> Results:
    """Return what became of two mails that were accepted and one that was not."""
    sent = [
        Sent(7, 250, "2.0.0 Ok: accepted as one"),
        Sent(8, 550, "5.6.0 No"),
        Sent(9, 250, "2.0.0 Ok: accepted as two"),
    ]
    return Results(sent, received)


def test_cli_hamlet_send_all_is_right_where_every_mail_arrived_once_unchanged() -> None:
    """What was refused is neither lost nor wrong."""
    found = results([Received("one"), Received("two")])
    assert (True, [], {}, 0, 0) == (found.right, found.lost, found.changed, found.twice, found.overtaken)
    assert {"550 5.6.0 No": 1} == found.summary()["refused"]


@pytest.mark.parametrize(
    ("received", "figures"),
    [
        ([Received("one")], {"lost": [9]}),
        ([Received("one"), Received("two"), Received("two")], {"stored_twice": 1}),
        (
            [Received("one"), Received("two", "not the same")],
            {"changed": {"9": "not the same"}},
        ),
    ],
)
def test_cli_hamlet_send_says_what_is_wrong(received: list[Received], figures: dict[str, object]) -> None:
    """Lost, doubled, changed: by the index of the mail."""
    found = results(received)
    assert not found.right
    assert figures.items() <= found.summary().items()


def test_cli_hamlet_send_a_mail_that_came_back_is_not_lost() -> None:
    """Its sender was told why; that is counted by the reason."""
    found = results([Received("one")])
    found.returned["two"] = "smtp; 550 5.7.1 No"
    assert (True, []) == (found.right, found.lost)
    assert {"smtp; 550 5.7.1 No": 1} == found.summary()["returned"]


def test_cli_hamlet_send_measures_from_the_last_octet_to_stored() -> None:
    """Median and the ninety-ninth of a hundred."""
    sent = [Sent(number, 250, f"2.0.0 Ok: accepted as t{number}", 100.0) for number in range(100)]
    found = Results(sent, [Received(f"t{number}", "", 100.0 + number) for number in range(100)])
    assert {"latency_p50_seconds": 49.5, "latency_p99_seconds": 99}.items() <= found.summary().items()


def test_cli_hamlet_send_counts_what_was_overtaken() -> None:
    """Order is told; no standard promises it, so it makes nothing wrong."""
    found = results([Received("two"), Received("one")])
    assert (1, True) == (found.overtaken, found.right)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [(b"a\nb\n", b"a\r\nb\r\n"), (b"a\r\nb", b"a\r\nb\r\n"), (b"a\rb\r\nc\n", b"a\rb\r\nc\n\r\n"), (b"", b"\r\n")],
)
def test_cli_hamlet_send_mends_line_ends_of_files_only(octets: bytes, expected: bytes) -> None:
    """A bare CR or LF between others is sent, and refused."""
    assert expected == on_the_wire(octets)


def sent(world: RunningWorld, *words: str, stdin: str = "") -> Said:
    """Run `scop hamlet send` for harbor's mesh, which has hamlet-postman, who may send as anyone, and hamlet-bob."""
    world.person("hamlet-postman", send_as=SendAs.ANY)
    world.person("hamlet-bob")
    return scop("hamlet", "send", *words, "--config", str(world.scene.config(world.world.harbor)), stdin=stdin)


def test_cli_hamlet_send_drives_a_mesh_and_finds_every_mail_again(running_world: RunningWorld) -> None:
    """Those with NUL, a bare CR or a bare LF are refused with a reply; all others stand in the mailbox as submitted."""
    words = ("--count", "40", "--as", "hamlet-postman", "--to", "hamlet-bob", "--json")
    said = sent(running_world, *words, stdin=f"{PASSWORD}\n")
    assert isinstance(said.json, dict), said.err
    assert (0, 40, [], {}, 0) == (
        said.status,
        said.json["sent"],
        said.json["lost"],
        said.json["changed"],
        said.json["stored_twice"],
    )
    assert said.json["accepted"] == said.json["stored"] >= 20
    assert all(reply.startswith("5") for reply in said.json["refused"])


def test_cli_hamlet_send_says_which_account_is_needed(running_world: RunningWorld) -> None:
    """One sentence."""
    refused = sent(running_world, "--count", "1", "--as", "hamlet-bob", "--password", "x")
    assert (2, "scop: --as hamlet-bob: may not send as anyone; use an account of `--send-as any`\n") == (
        refused.status,
        refused.err,
    )
    wrong = sent(running_world, "--count", "1", "--as", "hamlet-postman", "--password", "x")
    assert (2, "scop: --as hamlet-postman: the mesh does not take this password\n") == (wrong.status, wrong.err)
    missing = sent(running_world, "--count", "1", "--as", "nobody", "--password", "x")
    assert "there is no account nobody" in missing.err
