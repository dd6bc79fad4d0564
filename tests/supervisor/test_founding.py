"""Founding a mesh."""

from pathlib import Path

import pytest

from scop.mesh.config import Config, Firewall, Network
from scop.supervisor.config_file import ConfigurationError, read_config
from scop.supervisor.founding import Founding, found, found_list_key


def test_founding_writes_a_configuration_that_reads_back(tmp_path: Path) -> None:
    """What `init` writes is right, with its own zone asked at its own primary."""
    config = read_config(found(Founding(domain="harbor.test"), tmp_path))
    assert ("harbor.test", "mx.harbor.test", {"harbor.test": ("127.0.0.1:53",)}) == (
        config.domain,
        config.hostname,
        config.resolver.stub,
    )
    assert ("harbor.test",) == config.resolver.negative_trust_anchors


def test_founding_gives_both_ends_the_same_tsig_key_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    """One copy at each end, private."""
    found(Founding(domain="harbor.test"), tmp_path)
    ends = [tmp_path / "state" / cell / "tsig.key" for cell in ("primary", "signer")]
    assert ends[0].read_bytes() == ends[1].read_bytes()
    assert [0o600, 0o600] == [end.stat().st_mode & 0o777 for end in ends]
    assert [0o700, 0o700] == [end.parent.stat().st_mode & 0o777 for end in ends]


def test_founding_gives_the_receiver_a_key_of_its_own(tmp_path: Path) -> None:
    """Another one than the signer's, and its twin at the primary."""
    found(Founding(domain="harbor.test"), tmp_path)
    primary, receiver = (tmp_path / "state" / name for name in ("primary/list.key", "receiver/tsig.key"))
    assert primary.read_bytes() == receiver.read_bytes()
    assert receiver.read_text().startswith('key "receiver.harbor.test" {')
    assert (tmp_path / "state" / "signer" / "tsig.key").read_bytes() != receiver.read_bytes()


@pytest.mark.parametrize(("publish", "ends"), [(False, 0), (True, 2)])
def test_founding_adds_the_key_of_the_list_to_an_old_mesh(publish: bool, ends: int, tmp_path: Path) -> None:
    """Only where the list is published, and never over one end that is there."""
    config = Config("harbor.test", Network(address="127.0.20.1"), firewall=Firewall(publish=publish))
    for _ in range(2):
        found_list_key(config, tmp_path)
    found_ends = sorted(tmp_path.rglob("*.key"))
    assert (ends, min(ends, 1)) == (len(found_ends), len({end.read_bytes() for end in found_ends}))


def test_founding_never_overwrites(tmp_path: Path) -> None:
    """A second `init` changes nothing."""
    found(Founding(domain="harbor.test"), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ConfigurationError, match="never overwrites"):
        found(Founding(domain="harbor.test"), tmp_path)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_founding_a_wrong_domain_writes_nothing(tmp_path: Path) -> None:
    """The name is checked before the first file."""
    with pytest.raises(ConfigurationError, match="no lower-case domain name"):
        found(Founding(domain="Harbor"), tmp_path)
    assert [] == list(tmp_path.iterdir())
