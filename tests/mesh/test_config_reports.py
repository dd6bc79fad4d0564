"""`[reports]`: which values it takes, and whose mail the reporter reads."""

from __future__ import annotations

import pytest

from scop.mesh.config import Publish, Reports


@pytest.mark.parametrize("mailbox", ["", "Reports", "a+b", "a b", "a@b.test", ".a", "a" * 65, "é"])
def test_config_of_reports_refuses_what_is_no_local_part(mailbox: str) -> None:
    """It stands in records and in addresses, and is compared in lower case without a +detail."""
    with pytest.raises(ValueError, match=r"^mailbox: "):
        Reports(mailbox=mailbox)


@pytest.mark.parametrize("days", [0, -1])
def test_config_of_reports_keeps_them_for_a_while(days: int) -> None:
    """What is kept for no day could not be read."""
    with pytest.raises(ValueError, match=r"^kept_days: "):
        Reports(kept_days=days)


@pytest.mark.parametrize(
    ("dmarc", "tls", "expected"),
    [
        ("", "", {"reports"}),
        (
            "v=DMARC1; p=none; rua=mailto:d@harbor.test!10m,mailto:x@other.test; ruf=MAILTO:F@Harbor.test",
            "",
            {"d", "f"},
        ),
        ("", "mailto:tls+today@harbor.test", {"tls"}),
        ("", "https://harbor.test/tls", set()),
    ],
)
def test_config_of_reports_reads_what_we_ask_for(dmarc: str, tls: str, expected: set[str]) -> None:
    """Every address of our domain that our own records name is one for reports, beside the one that is configured."""
    publish = Publish(dmarc=dmarc, tls_reports=tls)
    assert {"reports", *expected} == Reports().local_parts("harbor.test", publish)
