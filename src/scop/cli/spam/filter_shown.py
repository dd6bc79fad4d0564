"""What the stand-alone filters print for people, beside the words of a mail server."""

from __future__ import annotations

from collections.abc import Mapping

from scop.cli.smtp_serve_shown import Words, listed
from scop.net.log import LogValue

__all__ = ["WORDS"]


def _weighed(trace: str, fields: Mapping[str, LogValue]) -> str:
    client = f" from [{fields['address']}]" if fields["address"] else ""
    did = f"; {listed(fields['replies'])}" if fields.get("replies") else ""
    why = f" ({fields['reason']})" if fields.get("reason") else ""
    return f"{trace}  {fields['label']} {fields['score']}{client}{did}{why}"


def _listening(_trace: str, fields: Mapping[str, LogValue]) -> str:
    onward = f"; mail goes to {fields['target']}" if fields.get("target") else ""
    return f"{fields['protocol']} on {listed(fields['places'])}{onward}. Ctrl-C ends."


def _kept(_trace: str, fields: Mapping[str, LogValue]) -> str:
    return f"the model in use stays: {fields['reason']}"


def _stranger(_trace: str, fields: Mapping[str, LogValue]) -> str:
    return f"refused [{fields['address']}]: {fields['reason']}"


def _broken(_trace: str, fields: Mapping[str, LogValue]) -> str:
    return f"a mail server broke the protocol: {fields['reason']}"


def _refused(trace: str, fields: Mapping[str, LogValue]) -> str:
    client = f" from [{fields['address']}]" if fields["address"] else ""
    return f"{trace}  refused{client}; {listed(fields['replies'])}"


WORDS: Words = {
    "mail.refused": _refused,
    "mail.weighed": _weighed,
    "filter.listening": _listening,
    "model.kept": _kept,
    "client.refused": _stranger,
    "milter.broken": _broken,
}
