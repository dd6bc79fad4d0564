"""Reading `scop.toml`: what is right is taken, what is wrong is named with its line and the nearest right key."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.supervisor.config_file import ConfigurationError, parse_config, read_config

WHOLE = """\
domain = "harbor.test"
state = "state"
hostname = "mx.harbor.test"

[network]
address = "127.0.20.1"
own_networks = []
ports = { smtp = 2525, submission = 2587, submissions = 2465, dns = 5300 }
pipes = 21000

[world]
smtp_port = 2525
dns_port = 5300
root_hints = "root.hints"

[tls]
certificate = "tls/public.pem"
key = "tls/public.key"

[limits]
message_octets = 52_428_800
ban_seconds = 3600

[submission]
client_authorities = "tls/people.pem"

[submission.per_account]
mails_per_minute = 200

[devices.scanner]
addresses = ["192.0.2.7", "2001:db8::/64"]
senders = ["scanner@harbor.test"]

[receiver]
greeting_delay_seconds = 5.0

[receiver.per_network]
connections = 150
"""


def test_config_file_every_key_is_taken() -> None:
    """Each key of the documented file lands in its place."""
    config = parse_config(WHOLE, "scop.toml")
    assert ("harbor.test", "mx.harbor.test", "127.0.20.1", 2525, 5300, 52_428_800) == (
        config.domain,
        config.hostname,
        config.network.address,
        config.network.ports.smtp,
        config.world.dns_port,
        config.limits.message_octets,
    )


@pytest.mark.parametrize(
    ("wrong", "right", "line", "words"),
    [
        ('adress = "127.0.20.1"', 'address = "127.0.20.1"', 6, ["network.adress", "did you mean 'address'"]),
        (
            "ports = { smpt = 2525 }",
            "ports = { smtp = 2525, submission = 2587, submissions = 2465, dns = 5300 }",
            8,
            ["network.ports.smpt", "'smtp'"],
        ),
        (
            "ports = { smtp = 2525, submission = 2525 }",
            "ports = { smtp = 2525, submission = 2587, submissions = 2465, dns = 5300 }",
            8,
            ["network.ports.submission: 2525 is the port of smtp already"],
        ),
        ('pipes = "many"', "pipes = 21000", 9, ["network.pipes", "a whole number belongs here, not a text"]),
        ("smtp_port = 99999", "smtp_port = 2525", 12, ["world.smtp_port", "from 1 to 65535"]),
        ('address = "harbour"', 'address = "127.0.20.1"', 6, ["network.address", "no IPv4 or IPv6 address"]),
        ("message_octets = 0", "message_octets = 52_428_800", 21, ["limits.message_octets", "positive"]),
        (
            "mails_per_minute = -1",
            "mails_per_minute = 200",
            28,
            ["submission.per_account.mails_per_minute", "0 for none"],
        ),
        ("connections = -1", "connections = 150", 38, ["receiver.per_network.connections", "0 for none"]),
        (
            "greeting_delay_seconds = 61",
            "greeting_delay_seconds = 5.0",
            35,
            ["receiver.greeting_delay_seconds", "0 to 60"],
        ),
        ('senders = ["scanner"]', 'senders = ["scanner@harbor.test"]', 32, ["devices", "'scanner' is no address"]),
        ('domain = "Harbor"', 'domain = "harbor.test"', 1, ["domain", "lower-case"]),
        ('domain = "größe.test"', 'domain = "harbor.test"', 1, ["domain", "xn--"]),
        ("pipes = 65500", "pipes = 21000", 9, ["network.pipes", "at 65435 at most"]),
        (
            'own_networks = ["10.0.0.1/8"]',
            "own_networks = []",
            7,
            ["network.own_networks", "'10.0.0.1/8' is no network"],
        ),
        ("[wrold]", "[world]", 11, ["'wrold'", "'world'"]),
        ("", 'domain = "harbor.test"', 1, ["scop.toml:1: domain: is missing"]),
    ],
)
def test_config_file_a_mistake_is_named_with_its_line(wrong: str, right: str, line: int, words: list[str]) -> None:
    """The message has the file, the line, the key, and the fix or the nearest right key."""
    with pytest.raises(ConfigurationError) as caught:
        parse_config(WHOLE.replace(right, wrong), "scop.toml")
    message = str(caught.value)
    assert message.startswith(f"scop.toml:{line}: ")
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    ("table", "line", "words"),
    [
        (
            ["[relay.smarthosts.default]", 'host = "a.test"', 'port = "465"'],
            3,
            ["smarthosts.default.port", "whole number"],
        ),
        (["[attachments]", 'suspicious = "tagg"'], 2, ["'tagg' is none of 'tag', 'quarantine', 'refuse'"]),
        (
            ["[relay.smarthosts.default]", 'host = "a.test"', 'tls = "ssl"'],
            3,
            ["'ssl' is none of 'implicit', 'starttls'"],
        ),
        (["[relay.smarthosts.default]", 'host = "a.test"', 'login = "a"'], 1, ["smarthosts.default.password_file"]),
        (["[relay.smarthosts.default]", 'host = "a.test"', "port = 587"], 1, ["smarthosts.default.tls", '"starttls"']),
        (
            ["[relay.smarthosts.default]", 'host = "a.test:465"'],
            2,
            ["smarthosts.default.host", "'a.test:465' is no host"],
        ),
        (["[relay.smarthosts.default]", 'host = "smtps://a.test"'], 2, ["is no host's name or address"]),
        (["[relay.smarthosts.default]", 'password = "x"'], 2, ["default.password'", "did you mean 'password_file'"]),
        (['[relay.smarthosts."lagoon.test"]', "port = 465"], 1, ["relay.smarthosts.lagoon.test.host: is missing"]),
        (["[relay.smarthosts.lagoon.test]", 'host = "a.test"'], 1, ["in quotes", '[relay.smarthosts."lagoon.test"]']),
        (["[relay.smarthosts]", 'host = "a.test"'], 2, ["each has a name: [relay.smarthosts.NAME]"]),
        (["[relay]", "give_up_days = inf"], 2, ["relay.give_up_days", "positive"]),
        (["[devices.printer]", 'addresses = ["192.0.2.1"]'], 1, ["devices.printer.senders: is missing"]),
        (["[devices.printer]", 'address = "192.0.2.1"'], 2, ["devices.printer.address'", "did you mean 'addresses'"]),
        (["[devices.printer]", 'addresses = "192.0.2.1"'], 2, ["a list in brackets belongs here, not a text"]),
        (["[relay]", "give_up_days = five"], 2, ["column 16", "a text stands in quotes"]),
    ],
)
def test_config_file_a_mistake_in_a_table_with_a_name_is_found_there(
    table: list[str], line: int, words: list[str]
) -> None:
    """What smarthosts and devices are called is part of the key that a message names; so is what may stand there."""
    before = WHOLE.count("\n")
    with pytest.raises(ConfigurationError) as caught:
        parse_config(WHOLE + "\n".join(table), "scop.toml")
    message = str(caught.value)
    assert message.startswith(f"scop.toml:{before + line}: ")
    assert [word for word in words if word not in message] == []


def test_config_file_paths_lie_beside_the_file(tmp_path: Path) -> None:
    """Relative paths mean the folder of scop.toml, wherever the command runs."""
    path = tmp_path / "scop.toml"
    rules = '\n[attachments]\nyara_rules = "rules"\n'
    path.write_text(WHOLE.replace("[world]", '[world]\ntrust_anchor = "root.anchors"') + rules)
    config = read_config(path)
    assert str(tmp_path / "root.anchors") == config.world.trust_anchor
    assert str(tmp_path / "rules") == config.attachments.yara_rules
    assert [str(tmp_path / name) for name in ("state", "root.hints", "tls/public.pem", "tls/people.pem")] == [
        config.state,
        config.world.root_hints,
        config.tls.certificate,
        config.submission.client_authorities,
    ]


def test_config_file_that_is_missing_names_the_command_that_makes_one(tmp_path: Path) -> None:
    """A new user learns the next step."""
    with pytest.raises(ConfigurationError, match="scop init DOMAIN"):
        read_config(tmp_path / "scop.toml")


@given(st.text(max_size=200))
def test_config_file_any_text_gives_a_value_or_a_configuration_error(text: str) -> None:
    """Nothing else escapes, whatever a file holds."""
    try:
        parse_config(text, "scop.toml")
    except ConfigurationError as error:
        said = str(error)
    else:
        said = "scop.toml"
    assert said.startswith("scop.toml")
