"""MTA-STS in the relay: policies from a real HTTPS server, kept over restarts, refreshed, enforced and tested."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fakes.post_world import HOST, SEA, MailHost, PostWorld, around_post, mail_host
from fakes.private_ca import Leaf, authority
from fakes.web_server import WebServer, ok, serve_web
from scop.cells.relay.sts_policies import LOOK_SECONDS, StsFound
from scop.dns import TXT, A, Security
from scop.mtasts import FETCH_PAUSE_SECONDS, Mode, Policy

WEB_HOST = f"mta-sts.{SEA}"
WEB = authority().leaf(WEB_HOST)
LEAF = authority().leaf(HOST)
STRANGER = authority("another").leaf(HOST)
DAY = 86_400
ENFORCE = Policy(Mode.ENFORCE, 10 * DAY, (HOST,))
TESTING = Policy(Mode.TESTING, 10 * DAY, (HOST,))


@asynccontextmanager
async def _world(
    state: Path, leaf: Leaf | None, policy: Policy | None = ENFORCE, web: Leaf = WEB
) -> AsyncIterator[tuple[PostWorld, MailHost, WebServer]]:
    answer = ok(policy.to_octets()) if policy else ok(b"no policy")
    async with (
        serve_web(web.server(), answer) as server,
        mail_host(leaf.server() if leaf else None) as host,
        around_post(state, host.port, https_port=server.port) as world,
    ):
        world.names.zone[WEB_HOST, "A"] = [A("127.0.0.1")]
        _announce(world, "1")
        yield world, host, server


def _announce(world: PostWorld, id_: str) -> None:
    """Publish an id, and let the last look at it grow old."""
    world.names.zone[f"_mta-sts.{SEA}", "TXT"] = [TXT.of(f"v=STSv1; id={id_};".encode())] if id_ else []
    world.clock.jump(LOOK_SECONDS)


async def test_relay_sts_delivers_to_a_proved_host(tmp_path: Path) -> None:
    """RFC 8461 §4: one fetch serves many deliveries; the host has a certificate that the web trusts."""
    async with _world(tmp_path, LEAF) as (world, _host, web):
        for _ in range(3):
            assert (await world.carry(secure=False)).transaction is not None
        assert (1, [("sts", 1, {})]) == (len(web.requests), await world.counted())


@pytest.mark.parametrize(
    ("leaf", "host_name", "result"),
    [
        (STRANGER, HOST, "certificate-not-trusted"),
        (authority().leaf("other.test"), HOST, "certificate-host-mismatch"),
        (authority().leaf(HOST, expired=True), HOST, "certificate-expired"),
        (None, HOST, "starttls-not-supported"),
        (LEAF, "mx.elsewhere.test", "validation-failure"),
    ],
)
async def test_relay_sts_enforces(tmp_path: Path, leaf: Leaf | None, host_name: str, result: str) -> None:
    """RFC 8461 §5: under `enforce` nothing goes to a host that the policy does not name, or that is not proved."""
    async with _world(tmp_path, leaf) as (world, host, _web):
        carried = await world.carry(host_name, secure=False)
        assert (None, "4.7.5", []) == (carried.transaction, carried.status, host.records.mails)
        assert [("sts", 0, {result: 1})] == await world.counted()


@pytest.mark.parametrize(
    ("leaf", "host_name", "result"),
    [
        (STRANGER, HOST, "certificate-not-trusted"),
        (None, HOST, "starttls-not-supported"),
        (LEAF, "mx.elsewhere.test", "validation-failure"),
    ],
)
async def test_relay_sts_testing_only_counts(tmp_path: Path, leaf: Leaf | None, host_name: str, result: str) -> None:
    """RFC 8461 §5: under `testing` the same is counted, and the mail goes."""
    async with _world(tmp_path, leaf, TESTING) as (world, host, _web):
        assert (await world.carry(host_name, secure=False)).transaction is not None
        assert [("sts", 0, {result: 1})] == await world.counted()
        assert 1 == len(host.records.mails)


async def test_relay_sts_outlives_a_restart(tmp_path: Path) -> None:
    """RFC 8461 §3.3, §10.2: a policy holds for its age, though its record is gone and its server is silent."""
    async with _world(tmp_path, LEAF) as (world, _host, _web):
        await world.carry(secure=False)
    async with _world(tmp_path, STRANGER, policy=None) as (world, _host, web):
        _announce(world, "")
        assert (await world.carry(secure=False)).transaction is None
        assert [] == web.requests
        world.clock.jump(10 * DAY)
        assert (await world.carry(secure=False)).transaction is not None


async def test_relay_sts_follows_a_new_id(tmp_path: Path) -> None:
    """RFC 8461 §3.1: a changed id means a changed policy, and `none` ends it."""
    async with _world(tmp_path, STRANGER) as (world, _host, web):
        assert (await world.carry(secure=False)).transaction is None
        web.answer = ok(Policy(Mode.NONE, DAY).to_octets())
        world.clock.jump(LOOK_SECONDS)
        assert (await world.carry(secure=False)).transaction is None
        _announce(world, "2")
        assert (await world.carry(secure=False)).transaction is not None
        assert 2 == len(web.requests)


@pytest.mark.parametrize(
    ("answer", "result"),
    [(ok(b"", status="404 Not Found"), "sts-policy-fetch-error"), (ok(b"version: STSv2\n"), "sts-policy-invalid")],
)
async def test_relay_sts_keeps_the_old_policy_where_a_fetch_fails(tmp_path: Path, answer: bytes, result: str) -> None:
    """RFC 8461 §3.3: what was kept goes on; the fetch is tried again after five minutes, and counted."""
    async with _world(tmp_path, STRANGER) as (world, _host, web):
        assert (await world.carry(secure=False)).transaction is None
        web.answer = answer
        _announce(world, "2")
        for _ in range(2):
            assert (await world.carry(secure=False)).transaction is None
        fetches = len(web.requests)
        world.clock.jump(FETCH_PAUSE_SECONDS)
        await world.carry(secure=False)
        assert (2, 3) == (fetches, len(web.requests))
        assert {result: 2} in [failures for _type, _successes, failures in await world.counted()]


async def test_relay_sts_without_a_policy_is_opportunistic(tmp_path: Path) -> None:
    """RFC 8461 §3.3: a first fetch that fails leaves the domain without a policy; who served it is counted."""
    async with _world(tmp_path, STRANGER, web=authority("another").leaf(WEB_HOST)) as (world, _host, _web):
        assert (await world.carry(secure=False)).transaction is not None
        assert [("no-policy-found", 1, {}), ("sts", 0, {"sts-webpki-invalid": 1})] == await world.counted()


async def test_relay_sts_lets_requiretls_wait_where_nothing_is_known(tmp_path: Path) -> None:
    """RFC 8689 §4.2.1: nothing is returned for want of a policy that could not be asked for."""
    async with _world(tmp_path, LEAF, policy=None) as (world, host, web):
        unfetched = await world.carry(secure=False, require_tls=True)
        world.names.security[SEA] = Security.BOGUS
        world.clock.jump(LOOK_SECONDS)
        unanswered = await world.carry(secure=False, require_tls=True)
        world.names.security.clear()
        _announce(world, "")
        without = await world.carry(secure=False, require_tls=True)
        assert ["4.7.5", "4.7.5", "5.7.30"] == [each.status for each in (unfetched, unanswered, without)]
        web.answer = ok(ENFORCE.to_octets())
        _announce(world, "2")
        assert [] == host.records.mails
        assert (await world.carry(secure=False, require_tls=True)).transaction is not None


async def test_relay_sts_refreshes_before_the_end(tmp_path: Path) -> None:
    """RFC 8461 §10.2: after half of its age a policy is fetched anew though no mail asks for it."""
    async with _world(tmp_path, LEAF) as (world, _host, web):
        await world.carry(secure=False)
        policies = world.office._policies
        world.clock.jump(4 * DAY)
        await policies.refresh()
        assert 1 == len(web.requests)
        world.clock.jump(DAY)
        await policies.refresh()
        assert 2 == len(web.requests)
        world.clock.jump(10 * DAY)
        await policies.refresh()
        assert (2, False) == (len(web.requests), SEA in await policies._all())


async def test_relay_sts_refreshes_only_what_is_used(tmp_path: Path) -> None:
    """A policy that nobody needed for 30 days holds on, over a restart too, and is not fetched any more."""
    year = Policy(Mode.ENFORCE, 365 * DAY, (HOST,))
    async with _world(tmp_path, STRANGER, year) as (world, _host, web):
        await world.carry(secure=False)
        world.clock.jump(200 * DAY)
        await world.office._policies.refresh()
        assert 1 == len(web.requests)
        assert (await world.carry(secure=False)).transaction is None
        await world.office._policies.refresh()
        assert 2 == len(web.requests)


async def test_relay_sts_asks_nothing_for_a_literal(tmp_path: Path) -> None:
    """An address literal has neither records nor a policy."""
    async with _world(tmp_path, LEAF) as (world, _host, _web):
        assert StsFound() == await world.office._policies.policy_of("[192.0.2.1]")
        assert [] == world.names.asked
