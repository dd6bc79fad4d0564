"""Whose mail a server of its own takes."""

import pytest

from scop.net.mail_drop.directory import NO_RELAY, UNKNOWN, Directory
from scop.smtp import ForwardPath, Reply

ALL = Directory()
OURS = Directory.of(["Harbor.test", "bücher.test"], None)
SOME = Directory.of(["harbor.test", "lagoon.test"], ["Alice", "bob@harbor.test"])


@pytest.mark.parametrize(
    ("directory", "path", "refusal", "user"),
    [
        (ALL, "<Carol@anywhere.test>", None, "carol@anywhere.test"),
        (ALL, "<Postmaster>", None, "postmaster"),
        (OURS, "<carol@HARBOR.test>", None, "carol@harbor.test"),
        (OURS, "<carol@xn--bcher-kva.test>", None, "carol@xn--bcher-kva.test"),
        (OURS, "<carol@anywhere.test>", NO_RELAY, "carol@anywhere.test"),
        (SOME, "<ALICE@lagoon.test>", None, "alice"),
        (SOME, "<bob@harbor.test>", None, "bob@harbor.test"),
        (SOME, "<bob@lagoon.test>", UNKNOWN, ""),
        (SOME, "<carol@harbor.test>", UNKNOWN, ""),
        (SOME, "<alice@anywhere.test>", NO_RELAY, "alice"),
        (SOME, "<PostMaster@lagoon.test>", None, "postmaster"),
    ],
)
def test_directory_knows_domains_and_users(directory: Directory, path: str, refusal: Reply | None, user: str) -> None:
    """Names hold for every domain, addresses for theirs; postmaster always exists (RFC 5321 §4.5.1)."""
    asked = ForwardPath.parse(path)
    assert (refusal, user) == (directory.refusal(asked), directory.user(asked))


@pytest.mark.parametrize(("domains", "users"), [(["not a domain"], None), ([""], None), ([], ["a@@b"])])
def test_what_is_no_domain_or_address_is_a_fault(domains: list[str], users: list[str] | None) -> None:
    """A slip in what the operator writes is told at the start."""
    with pytest.raises(ValueError, match=r"domain|address"):
        Directory.of(domains, users)
