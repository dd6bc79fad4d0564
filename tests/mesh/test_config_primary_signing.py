"""`[primary]` says how zones are signed: signed by default, and nonsense is named."""

from __future__ import annotations

import pytest

from scop.mesh.config import Primary
from scop.supervisor.config_file import ConfigurationError, parse_config

HEAD = 'domain = "harbor.test"\n[network]\naddress = "127.0.0.1"\n[primary]\n'


def test_config_signs_by_default() -> None:
    """A mesh that says nothing signs its zones with one ECDSA P-256 key and NSEC."""
    config = parse_config(HEAD, "scop.toml").primary
    assert (True, "ecdsap256sha256", "csk", "nsec") == (config.sign, config.algorithm, config.keys, config.denial)


def test_config_of_signing() -> None:
    """Every word of it is read."""
    config = parse_config(HEAD + 'sign = false\nkeys = "ksk+zsk"\ndenial = "nsec3"\nzone_key_days = 30\n', "").primary
    assert Primary(sign=False, keys="ksk+zsk", denial="nsec3", zone_key_days=30) == config


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('algorithm = "rsasha1"', "algorithm"),
        ('keys = "zsk"', "keys"),
        ('denial = "none"', "denial"),
        ("signature_days = 0.5", "signature_days"),
        ("zone_key_days = -1", "zone_key_days"),
    ],
)
def test_config_names_what_is_wrong(line: str, key: str) -> None:
    """A wrong value is said with its line and key."""
    with pytest.raises(ConfigurationError, match=rf"scop\.toml:5.*{key}"):
        parse_config(HEAD + line + "\n", "scop.toml")
