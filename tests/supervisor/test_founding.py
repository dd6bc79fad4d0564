"""Founding a mesh."""

from pathlib import Path

import pytest

from scop.supervisor.config_file import ConfigurationError, read_config
from scop.supervisor.founding import Founding, found


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
