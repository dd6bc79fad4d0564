"""What docs/notifier.md shows can be pasted."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
import yaml

from scop.cli.matrix.notify_config import hooks_of, read_notifier_config
from scop.matrix.notifier import Forge, Hook, receive
from scop.matrix.notifier.signatures import Proof

PAGE = (Path(__file__).parents[2] / "docs" / "notifier.md").read_text()
NOTING_CURL = """#!/bin/sh
while [ $# -gt 1 ]; do
    case "$1" in
        --data-binary) printf %s "$2" > body ;;
        -H) echo "$2" >> heads ;;
    esac
    shift
done
"""
ROOM = '[rooms.x]\nroom = "#ci:example.org"\n'


def blocks(language: str) -> list[str]:
    """Return what stands in fences of one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", blocks("toml"))
def test_configurations_of_the_page_are_read(text: str, tmp_path: Path) -> None:
    """Each is a configuration, or a part of one."""
    (tmp_path / "secret").write_text("a long secret")
    path = tmp_path / "notifier.toml"
    path.write_text(text if "[rooms." in text else text + ROOM)
    assert hooks_of(read_notifier_config(path))


def test_json_of_the_page_is_taken() -> None:
    """The example says all keys of the generic form."""
    (text,) = blocks("json")
    report = receive(Hook("/build", Forge.GENERIC, ()), {}, text.encode(), 0.0).report
    assert report is not None
    assert ("acme/shop", "31", "1 failed") == (report.project, report.pipeline, report.jobs[0].note)


def scripts(value: object) -> list[str]:
    """Return every script in a workflow that sends something."""
    if isinstance(value, dict):
        found = [part for each in value.values() for part in scripts(each)]
        if isinstance(value.get("commands"), list):
            return ["\n".join(value["commands"]), *found]
        return found
    if isinstance(value, list):
        return [part for each in value for part in scripts(each)]
    return [value] if isinstance(value, str) and "openssl" in value and "curl --fail" in value else []


@pytest.mark.parametrize("text", blocks("yaml"))
def test_workflows_of_the_page_send_what_is_taken(text: str, tmp_path: Path) -> None:
    """The scripts, run with a curl that only notes, make a body that is rightly signed and says what it should."""
    if not (shutil.which("jq") and shutil.which("openssl")):
        pytest.skip("jq and openssl are not installed")
    script = next(each for each in scripts(yaml.safe_load(text)) if "openssl dgst" in each)
    script = "\n".join(line for line in script.replace("$${", "${").splitlines() if not line.startswith("apk "))
    (tmp_path / "curl").write_text(NOTING_CURL)
    (tmp_path / "curl").chmod(0o755)
    secret = "a long secret"
    names = ("GITHUB_REPOSITORY", "CI_PROJECT_PATH", "CI_REPO")
    environment = {
        "PATH": f"{tmp_path}:/usr/local/bin:/usr/bin:/bin",
        "SECRET": secret,
        "NOTIFIER_SECRET": secret,
        "STATUS": "failure",
        "CI_COMMIT_MESSAGE": 'Say "hello"\n\nand more',
        **dict.fromkeys(names, "acme/shop"),
        **dict.fromkeys(("GITHUB_RUN_ID", "CI_PIPELINE_ID", "CI_PIPELINE_NUMBER"), "31"),
    }
    subprocess.run(["sh", "-euc", script], cwd=tmp_path, env=environment | _unset(script, environment), check=True)
    heads = dict(line.split(": ", 1) for line in (tmp_path / "heads").read_text().splitlines())
    hook = Hook("/build", Forge.GENERIC, (secret,), proof=Proof.HEX_SHA256)
    report = receive(hook, heads, (tmp_path / "body").read_bytes(), 0.0).report
    assert report is not None
    assert ("acme/shop", "31") == (report.project, report.pipeline)


def _unset(script: str, known: dict[str, str]) -> dict[str, str]:
    """Give every other variable that a script names an empty value."""
    return {name: "" for name in re.findall(r"\$\{?([A-Z_]+)", script) if name not in known}


def test_page_has_a_workflow_for_each_forge() -> None:
    """GitHub, GitLab, Forgejo and Woodpecker."""
    assert 4 == len(blocks("yaml"))


def test_keys_of_the_page_are_known() -> None:
    """Each key in the table is one of the configuration."""
    from scop.cli.matrix.notify_config import HookTable
    from scop.matrix.notifier import Room

    known = {field.name for kind in (HookTable, Room) for field in msgspec.structs.fields(kind)}
    rows = re.findall(r"^\| `(?:hooks|rooms)\.NAME\.(.*?)\|", PAGE, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"\w+", row)}
    assert named <= known
