"""Waits until a person has agreed on another device, asking as often as the authorization server wants to be asked.

Standards: RFC 8628 §3.4, §3.5.
"""

from __future__ import annotations

from scop.matrix.client import Session
from scop.matrix.oauth import DeviceAsked
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix.client import AsyncClient
from scop.net.matrix.faults import Refused
from scop.net.matrix.repeating import Rest, SystemRest

__all__ = ["await_agreement"]

_SLOWER_SECONDS = 5.0  # RFC 8628 §3.5, slow_down
_LONGEST_SECONDS = 60.0
_SENTENCES = {"access_denied": "the login was not agreed to", "expired_token": "the code ended before anybody agreed"}


async def await_agreement(client: AsyncClient, asked: DeviceAsked, rest: Rest | None = None) -> Session:
    """Return the session that begins when a person agrees; raises `PermanentFailure` where they do not."""
    rest, pause = rest or SystemRest(), asked.interval_seconds
    end = rest.monotonic() + asked.expires_in_seconds
    while rest.monotonic() + pause <= end:
        async with client.resting():  # others who use what is kept need not wait for a person
            await rest.sleep(pause)
        try:
            return await client.do(client.core.oauth.poll, asked)
        except Refused as refusal:
            if refusal.errcode == "slow_down":
                pause += _SLOWER_SECONDS
            elif refusal.errcode != "authorization_pending":
                raise PermanentFailure(_SENTENCES.get(refusal.errcode, str(refusal))) from refusal
        except TemporaryFailure:
            # "on encountering a connection timeout, clients MUST unilaterally reduce their polling frequency"
            pause = max(pause, min(2 * pause, _LONGEST_SECONDS))
    raise PermanentFailure(_SENTENCES["expired_token"])
