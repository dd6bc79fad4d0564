"""`scop dns plan`, `apply` and `zone` on a mesh that runs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import pytest
from click.testing import CliRunner, Result

from fakes.command_line import DOMAIN, Town, founded
from scop.cli.demo.scene import PORTS
from scop.cli.dns import dns

HOST = f"mx.{DOMAIN}"
WISHES = """
[publish]
mta_sts = "testing"
tls_reports = "mailto:tls@harbor.test"
certificate_authorities = ["ca.example"]
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A mesh that runs, whose ports and wishes are not those of its first zone."""
    here = founded(tmp_path_factory.mktemp("plan"), "plan by the command line")
    here.config.write_text(here.config.read_text() + WISHES)
    with here.up():
        yield here


def run(town: Town, *words: str) -> Result:
    """Run `scop dns` for a mesh, without a process of its own for it."""
    return CliRunner().invoke(dns, [*words, "--config", str(town.config)], catch_exceptions=False)


def items(said: Result) -> dict[tuple[str, str], dict[str, object]]:
    """Return the lines of a plan by purpose and name."""
    made = json.loads(said.stdout)
    return {(item["purpose"], item["owner"].removesuffix(f"{DOMAIN}.")): item for item in made["items"]}


def test_plan_shows_the_fix_and_apply_makes_it(town: Town) -> None:
    """What differs is shown with its fix; applied by one UPDATE of the plan's key, all is fine; the log tells it."""
    before = run(town, "plan", "--json")
    assert 1 == before.exit_code
    shown = items(before)
    tlsa = shown["TLSA", f"_{PORTS.smtp}._tcp.mx."]
    assert ("missing", [f"+ {tlsa['wanted'][0]}"]) == (tlsa["standing"], tlsa["fix"])  # type: ignore[index]  # a list
    assert ("missing", []) == (shown["MTA-STS", "_mta-sts."]["standing"], shown["MTA-STS", "_mta-sts."]["published"])
    assert "mode: testing" in json.loads(before.stdout)["mta_sts_policy"]
    table = run(town, "plan")
    assert (1, True, True) == (table.exit_code, "the fix" in table.stdout, "kept by our primary" in table.stdout)
    applied = json.loads(run(town, "apply", "--json").stdout)
    fine = {item["purpose"]: item["standing"] for item in applied["items"] if item["purpose"] != "DKIM"}
    assert ("NOERROR", {"fine"}) == (applied["rcode"], set(fine.values()))
    versions = json.loads(run(town, "zone", "log", DOMAIN, "--json").stdout)["versions"]
    assert f"plan.{DOMAIN}" in {version["who"] for version in versions}


def test_plan_of_a_zone_kept_elsewhere_prints_records_to_copy(town: Town) -> None:
    """Asked of a server, what is missing there is printed as records, and `apply` needs a key of its."""
    server = f"{town.address}:{PORTS.dns}"
    town.edit("[publish]", '[publish]\nmatrix = "chat.harbor.test:443"')
    said = run(town, "plan", "--server", server)
    assert (1, True) == (said.exit_code, "kept elsewhere" in said.stdout)
    assert f"_matrix-fed._tcp.{DOMAIN}. 300 IN SRV 10 1 443 chat.{DOMAIN}.\n" in said.stdout
    town.edit('matrix = "chat.harbor.test:443"\n', "")


def test_plan_watch_follows_the_address(town: Town) -> None:
    """A new address in scop.toml is in the zone a moment later, and when it goes back too."""
    command = [sys.executable, "-m", "scop.cli", "dns", "plan", "--watch", "--every", "0.1", "--json"]
    watching = subprocess.Popen([*command, "--config", str(town.config)], stdout=subprocess.PIPE, text=True)
    stdout = cast("IO[str]", watching.stdout)
    try:
        assert [town.address] == json.loads(stdout.readline())["addresses"]
        town.edit("[publish]", '[publish]\naddresses = ["192.0.2.7"]')
        changes = json.loads(stdout.readline())["changes"]
        assert f"{HOST}. + 192.0.2.7" in changes
        town.edit('addresses = ["192.0.2.7"]\n', "")
        assert f"{HOST}. + {town.address}" in json.loads(stdout.readline())["changes"]
    finally:
        watching.send_signal(signal.SIGTERM)
        watching.wait(20)
        stdout.close()
    assert 0 == watching.returncode


def test_zone_commands_reach_the_running_primary(town: Town, tmp_path: Path) -> None:
    """Exported, edited, imported and rolled back: each is a version, and what the world sees is signed."""
    file = tmp_path / "zone"
    assert 0 == run(town, "zone", "export", DOMAIN, "-o", str(file)).exit_code
    head = json.loads(run(town, "zone", "log", DOMAIN, "--limit", "1", "--json").stdout)["versions"][0]
    file.write_text(f"{file.read_text()}www.{DOMAIN}. 300 IN A 192.0.2.8\n")
    done = json.loads(run(town, "zone", "import", str(file), "--why", "Add www", "--json").stdout)
    assert f"www.{DOMAIN}. 300 IN A 192.0.2.8" in done["added"]
    assert b" RRSIG A " in run(town, "zone", "export", DOMAIN, "--shown").stdout_bytes
    last = run(town, "zone", "diff", DOMAIN)
    assert (1, True) == (last.exit_code, f"+ www.{DOMAIN}. 300 IN A 192.0.2.8\n" in last.stdout)
    back = json.loads(run(town, "zone", "rollback", DOMAIN, head["id"][:10], "--json").stdout)
    assert (done["serial"] + 1, True) == (back["serial"], f"www.{DOMAIN}. 300 IN A 192.0.2.8" in back["removed"])
    assert "www" not in run(town, "zone", "show", DOMAIN).stdout


def test_zone_import_adds_a_zone_that_is_answered_at_once(town: Town, tmp_path: Path) -> None:
    """A zone that was not ours is served as soon as it is imported, signed like the others."""
    file = tmp_path / "more.test.zone"
    file.write_text("@ 300 SOA ns hostmaster 1 3600 600 1209600 10\n@ 300 NS ns\nns 300 A 192.0.2.3\n")
    assert 0 == run(town, "zone", "import", str(file)).exit_code
    assert "more.test." in run(town, "zone", "show").stdout
    asked = run(town, "query", "ns.more.test", "A", "--server", f"{town.address}:{PORTS.dns}", "--json")
    assert (0, True) == (asked.exit_code, "192.0.2.3" in asked.stdout)
    assert b" RRSIG SOA " in run(town, "zone", "export", "more.test", "--shown").stdout_bytes


def test_zone_history_is_a_git_repository(town: Town) -> None:
    """Plain git reads who changed what."""
    command = ["git", "-c", "safe.directory=*", "-C", str(town.state / "primary/zones.git"), "log", "--format=%an"]
    authors = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {"file", f"signer.{DOMAIN}"} <= set(authors)
