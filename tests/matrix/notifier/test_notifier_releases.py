"""What homes of packages say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.matrix.notifier.releases import MAX_RELEASES, Home, Release, home_url, read_releases

ATOM = b"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-US">
  <id>tag:github.com,2008:https://github.com/acme/shop/releases</id>
  <title>Release notes from shop</title>
  <entry>
    <id>tag:github.com,2008:Repository/1/v1.2.0</id>
    <updated>2026-11-29T13:00:00Z</updated>
    <link rel="alternate" type="text/html" href="https://github.com/acme/shop/releases/tag/v1.2.0"/>
    <title>Baskets that add up</title>
  </entry>
  <entry>
    <id>tag:github.com,2008:Repository/1/v1.1.0</id>
    <updated>2026-10-29T13:00:00Z</updated>
    <link rel="alternate" type="text/html" href="https://github.com/acme/shop/releases/tag/v1.1.0"/>
    <title>v1.1.0</title>
  </entry>
</feed>"""

RSS = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>PyPI recent updates for numpy</title>
<item><title>2.4.0</title><link>https://index.test/project/numpy/2.4.0/</link><description>Arrays</description>
<pubDate>Sun, 29 Nov 2026 13:00:00 GMT</pubDate></item></channel></rss>"""


def test_feed_of_github_is_read_by_its_tags() -> None:
    """Titles are free; the tag stands in the address, and the oldest comes first."""
    releases = read_releases(Home.GITHUB, ATOM)
    assert ["v1.1.0", "v1.2.0"] == [release.version for release in releases]
    assert "Baskets that add up" == releases[1].title


def test_feed_in_rss_is_read_by_its_titles() -> None:
    """PyPI's own feed has versions for titles."""
    url = "https://index.test/project/numpy/2.4.0/"
    assert (Release(version="2.4.0", title="Arrays", url=url, published_unix=1_795_957_200.0),) == read_releases(
        Home.FEED, RSS
    )


def test_json_of_pypi_leaves_out_what_nobody_can_install() -> None:
    """A version without files, or with all of them yanked, is none."""
    octets = b"""{"info": {"summary": "S", "package_url": "https://index.test/project/x/"}, "releases": {
        "1": [{"upload_time_iso_8601": "2026-01-01T00:00:00.5Z", "yanked": false}],
        "2": [], "3": [{"upload_time_iso_8601": "2026-01-02T00:00:00Z", "yanked": true}]}}"""
    (release,) = read_releases(Home.PYPI, octets)
    assert ("1", "https://index.test/project/x/1/") == (release.version, release.url)


@pytest.mark.parametrize(
    ("octets", "version", "expected"),
    [
        (b'{"info": {"version": "3.1"}}', "{info.version}", ["3.1"]),
        (b'[{"tag_name": "b", "published_at": "2026-01-02T00:00:00Z"}, {"tag_name": "a"}]', "{tag_name}", ["a", "b"]),
    ],
)
def test_json_of_any_home_is_read_by_a_template(octets: bytes, version: str, expected: list[str]) -> None:
    """One object, or a list of them."""
    assert expected == [release.version for release in read_releases(Home.JSON, octets, version)]


@pytest.mark.parametrize(
    "octets",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><rss>&a;</rss>',
        '<!DOCTYPE x [<!ENTITY a "b">]><rss/>'.encode("utf-16"),
        b"<html></html>",
        b"<rss",
        b"",
    ],
)
def test_feed_that_is_none_is_refused(octets: bytes) -> None:
    """Documents that declare entities, other XML and no XML are one fault."""
    with pytest.raises(RemoteProtocolError):
        read_releases(Home.FEED, octets)


@given(home=st.sampled_from(Home), octets=st.one_of(st.binary(max_size=60), st.just(ATOM), st.just(RSS)))
def test_readers_of_releases_raise_one_fault_only(home: Home, octets: bytes) -> None:
    """Whatever a home says, it is releases or a `RemoteProtocolError`."""
    try:
        found = read_releases(home, octets, "{version}")
    except RemoteProtocolError:
        found = ()
    assert all(isinstance(release, Release) for release in found)


@pytest.mark.parametrize(
    ("version", "is_prerelease"),
    [("1.0", False), ("v2.1.3", False), ("1.0.post1", False), ("1.0+build.beta", False), ("1.0rc1", True),
     ("2.0.0-beta.2", True), ("1.0.dev3", True), ("v3.0-alpha", True), ("2026.1a0", True)],
)  # fmt: skip
def test_version_says_whether_it_is_one_to_use(version: str, is_prerelease: bool) -> None:
    """As PEP 440 and semantic versions write it."""
    assert is_prerelease == Release(version=version).is_prerelease


def test_home_with_more_releases_than_are_read_shows_its_newest() -> None:
    """Homes list in orders of their own: what is left out is the oldest, not what has just come."""
    days = ",".join(
        f'"{n}": [{{"upload_time_iso_8601": "{2000 + n // 300}-{n % 300 // 28 + 1:02d}-{n % 28 + 1:02d}T00:00:00Z"}}]'
        for n in range(MAX_RELEASES + 1)
    )
    releases = read_releases(Home.PYPI, f'{{"releases": {{{days}}}}}'.encode())
    assert (MAX_RELEASES, "1", str(MAX_RELEASES)) == (len(releases), releases[0].version, releases[-1].version)


def test_home_that_says_no_moments_lists_its_newest_first() -> None:
    """As feeds do; so the oldest of what is new is told first."""
    releases = read_releases(Home.JSON, b'[{"tag": "1.2"}, {"tag": "1.1"}]', "{tag}")
    assert ["1.1", "1.2"] == [release.version for release in releases]


def test_home_is_known_for_those_that_have_one() -> None:
    """A package index and GitHub say where; a feed has an address of its own."""
    for index in ("https://index.test", "https://index.test/"):
        assert "https://index.test/pypi/numpy/json" == home_url(Home.PYPI, "numpy", index)
    assert "https://github.com/acme/shop/releases.atom" == home_url(Home.GITHUB, "acme/shop")
    assert "" == home_url(Home.FEED, "x")
