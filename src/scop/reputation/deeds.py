"""What clients and domains are seen to do; each deed is one mail's.

Two kinds of knowledge are kept apart: what is proved (a mail is authenticated, forged, or carries malware) and what a
filter takes a text for. Anybody can write harmless words, so words weigh against words only.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Deed"]


class Deed(StrEnum):
    """What one mail says about who brought it."""

    HAM = "ham"  # authenticated for the domain in From, and no spam
    FORGERY = "forgery"  # refused under the policy of the domain in From
    MALWARE = "malware"
    HARMLESS = "harmless"  # a filter takes it for ham
    SPAM = "spam"  # a filter takes it for spam
