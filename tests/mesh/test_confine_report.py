"""What an operator reads about a kernel that lacks something; what rules may say."""

from __future__ import annotations

import pytest

from scop.mesh.confine import Rules
from scop.mesh.confine.report import report_of


@pytest.mark.parametrize(
    ("landlock_abi", "seccomp", "lacks"),
    [
        (7, True, []),
        (6, True, []),
        (4, True, []),
        (3, True, ["no TCP ports"]),
        (2, True, ["truncation", "no TCP ports"]),
        (0, True, ["no Landlock"]),
        (7, False, ["System calls"]),
        (0, False, ["no Landlock", "System calls", "signals"]),
    ],
)
def test_report_names_each_part_that_is_missing(landlock_abi: int, seccomp: bool, lacks: list[str]) -> None:
    """One sentence for each part that is missing, with what it means; none where all is there."""
    missing = report_of(landlock_abi, seccomp).missing
    assert len(lacks) == len(missing)
    assert all(words in sentence for words, sentence in zip(lacks, missing, strict=True))
    assert all("a cell that is taken over" in sentence and sentence.endswith(".") for sentence in missing)


def test_network_rules_need_the_fourth_abi() -> None:
    """TCP ports are held by Landlock from Linux 6.7 on."""
    assert not report_of(3, seccomp=True).landlock_network
    assert report_of(4, seccomp=True).landlock_network


@pytest.mark.parametrize(
    "wrong",
    [{"connect_ports": (65536,)}, {"bind_ports": (-1,)}, {"uid": 5}, {"uid": 0, "gid": 0}, {"uid": 5, "gid": 0}],
)
def test_rules_refuse_what_makes_no_sense(wrong: dict[str, object]) -> None:
    """No port out of range, no half identity, and never root."""
    with pytest.raises(ValueError, match=r"port|uid|root"):
        Rules(**wrong)  # type: ignore[arg-type]  # wrong on purpose
