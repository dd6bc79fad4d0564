"""`notifier.toml`: what is read, and how mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from scop.cli.matrix.notify_config import hooks_of, read_notifier_config
from scop.cli.matrix.notify_init import CONFIG
from scop.matrix.notifier import Forge, Status
from scop.matrix.notifier.signatures import Proof
from scop.supervisor.config_file import ConfigurationError

ROOM = '[rooms.ci]\nroom = "#ci:example.org"\n'


def written(folder: Path, text: str) -> Path:
    """Write a configuration beside a secret."""
    (folder / "secret").write_text("first-secret\nsecond-secret\n")
    path = folder / "notifier.toml"
    path.write_text(text)
    return path


def test_config_that_init_writes_is_one(tmp_path: Path) -> None:
    """What a person begins with is read as it is."""
    config = read_notifier_config(written(tmp_path, CONFIG.replace("@ROOM@", "#ci:example.org")))
    assert ("#ci:example.org", str(tmp_path / "notices.db")) == (config.rooms["ci"].room, config.queue)
    (hook,) = hooks_of(config)
    assert ("/github", Forge.GITHUB, ("first-secret", "second-secret")) == (hook.path, hook.forge, hook.secrets)


def test_config_with_all_that_is_commented_out_is_one(tmp_path: Path) -> None:
    """Each example in the comments holds."""
    lines = CONFIG.replace("@ROOM@", "#ci:example.org").splitlines()
    examples = [line[2:] if line[:2] == "# " and ("=" in line or line[2:3] == "[") else line for line in lines]
    text = "\n".join(line for line in examples if not line.startswith(("Whom", "What `scop")))
    config = read_notifier_config(written(tmp_path, text))
    github, gitlab, jenkins = hooks_of(config, {"GITLAB_SECRET": "a long secret"})
    assert (Forge.GITLAB, ("a long secret",)) == (gitlab.forge, gitlab.secrets)
    assert (Proof.HEX_SHA256, {"COMPLETED": Status.PASSED}) == (jenkins.proof, jenkins.template.statuses)
    assert ("numpy", 900) == (config.watch["numpy"].package, config.watch["numpy"].timeout_seconds)
    assert github.path == "/github"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: rooms: is missing"),
        ("[rooms]\n", "rooms: there is none to post to"),
        (ROOM + "[hooks.a]\n", "3: hooks.a.forge: is missing"),
        (ROOM + '[hooks.a]\nforge = "gitbub"\n', "4: hooks.a.forge: 'gitbub' is none of 'github', 'gitlab'"),
        (ROOM + '[hooks.a]\nforge = "github"\n', "3: hooks.a.secret_file: say one of"),
        (ROOM + '[hooks.a]\nforge = "github"\nsecret = "x"\n', "5: unknown key 'hooks.a.secret'"),
        (ROOM + '[hooks.a]\nforge = "github"\nunsigned = true\npath = "x"\n', "6: hooks.a.path: 'x' does not begin"),
        (ROOM + '[hooks.a]\nforge = "gitlab"\nunsigned = true\nheader = "x"\n', "hooks.a.keys: a template and a"),
        (ROOM + '[hooks.a]\nforge = "generic"\nunsigned = true\nkeys = {x = "y"}\n', "hooks.a.x: known here are"),
        ('[rooms.ci]\nroom = "ci"\n', "2: rooms.ci.room: 'ci' is neither an alias"),
        (ROOM + 'statuses = ["red"]\n', "statuses: 'red' is none of"),
        (ROOM + 'mention = ["bob"]\n', "3: rooms.ci.mention: 'bob' is neither"),
        (ROOM + 'branch = ["main"]\n', "3: unknown key 'rooms.ci.branch'; did you mean 'branches'?"),
        (ROOM + '[people]\nalice = "alice"\n', "people: 'alice', said of 'alice', is no user id"),
        (ROOM + '[watch.n]\nhome = "pypi"\n', "3: watch.n.package: is missing"),
        (ROOM + '[watch.n]\nhome = "pypi"\npackage = "n"\n', "package_index: is missing"),
        (ROOM + '[watch.n]\nhome = "github"\npackage = "n"\n', "5: watch.n.package: 'n' is not OWNER/NAME"),
        (ROOM + '[watch.n]\nhome = "feed"\npackage = "n"\n', "watch.n.url: is missing"),
        (ROOM + '[watch.n]\nhome = "pypi"\npackage = "n"\nevery_seconds = 1\n', "6: watch.n.every_seconds: 1 is less"),
        ("[rooms.ci\n", ":1: "),
    ],
)
def test_config_names_the_line_and_the_key_of_a_mistake(text: str, said: str, tmp_path: Path) -> None:
    """One sentence says where, which key, and what belongs there."""
    with pytest.raises(ConfigurationError) as caught:
        read_notifier_config(written(tmp_path, text))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        ('secret_file = "nowhere"', "No such file"),
        ('secret_env = "NOT_SET"', "$NOT_SET holds no secret"),
        ('secret_env = "SHORT"', "less than 8 characters"),
    ],
)
def test_config_wants_secrets_that_are_some(hook: str, said: str, tmp_path: Path) -> None:
    """A secret that is missing, empty or too short is found at the start."""
    config = read_notifier_config(written(tmp_path, f'{ROOM}[hooks.a]\nforge = "github"\n{hook}\n'))
    with pytest.raises(ConfigurationError) as caught:
        hooks_of(config, {"SHORT": "x"})
    assert said in str(caught.value)


def test_config_wants_each_path_once(tmp_path: Path) -> None:
    """Two hooks cannot have one path."""
    two = "".join(f'[hooks.{name}]\nforge = "github"\nunsigned = true\npath = "/x"\n' for name in "ab")
    with pytest.raises(ConfigurationError, match="two have the path /x"):
        hooks_of(read_notifier_config(written(tmp_path, ROOM + two)))


def test_config_that_is_not_there_says_what_makes_one(tmp_path: Path) -> None:
    """The sentence ends with the command."""
    with pytest.raises(ConfigurationError, match="notify init"):
        read_notifier_config(tmp_path / "notifier.toml")
