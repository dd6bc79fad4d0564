"""LIMITS: the server says beforehand how many recipients and transactions it takes.

Standards: RFC 9422.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import LimitExceeded
from scop.smtp.events import Event, Mail
from scop.smtp.extensions.extension import Extension

if TYPE_CHECKING:
    from scop.smtp.options import Channel

__all__ = ["LIMITS"]


def _offer(channel: Channel) -> str:
    options = channel.options
    transactions = "" if options.max_transactions is None else f"MAILMAX={options.max_transactions} "
    return f"LIMITS {transactions}RCPTMAX={options.max_recipients}"  # the machine itself holds RCPTMAX


def _check(_mail: Mail, channel: Channel) -> None:
    limit = channel.options.max_transactions
    if limit is not None and channel.transactions >= limit:
        hint = "421 4.7.0 Too many messages on one connection, make a new one"
        raise LimitExceeded(f"more than {limit} transactions", reply_hint=hint)


def _count(channel: Channel, _mail: Event) -> Channel:
    if channel.options.max_transactions is None:
        return channel
    return replace(channel, transactions=channel.transactions + 1)


LIMITS = Extension(keyword="LIMITS", offer=_offer, check=_check, after={Mail: _count})
