"""Internationalised domain names, both ways: U-labels for people, A-labels for the wire.

The rule is IDNA 2008's: a name is put into lower case and normal form, and each label beyond ASCII must be one that
can be registered. `scop.base.a_labels` is the lenient sister, which makes any name comparable and refuses none; where
both find A-labels they find the same, but for the joiners, which that one drops. Labels in ASCII pass in lower case,
whatever they are: they need no conversion.

Standards: RFC 5890 §2.3, RFC 5891 §4, RFC 5895 §2 (mapping); `domain_labels` names those of the labels.
"""

from __future__ import annotations

import re

__all__ = ["to_ascii", "to_unicode"]

MAX_LABEL_OCTETS = 63  # RFC 1035 §2.3.4
MAX_DOMAIN_OCTETS = 255  # RFC 5321 §4.5.3.1.2
MAX_DOMAIN_CHARACTERS = 4 * MAX_DOMAIN_OCTETS  # before composition, whose time grows with the square of marks in a row
_PREFIX = "xn--"
_A_LABEL = re.compile(r"xn--[a-z0-9-]*[a-z0-9]", re.IGNORECASE)


def to_ascii(domain: str) -> str:
    """Return `domain` in lower case with A-labels; `ValueError` where it has none. A domain literal stays as it is."""
    if domain.startswith("["):
        return domain
    labels = _normal_labels(domain)
    found = ".".join([_a_label(label) for label in labels])
    if len(found) > MAX_DOMAIN_OCTETS:
        raise ValueError("a domain is too long")
    _check_bidi(labels)
    return found


def to_unicode(domain: str) -> str:
    """Return `domain` with U-labels in place of its A-labels; what is no valid A-label stays as it is."""
    if _PREFIX not in domain.lower():
        return domain
    labels = [_u_label(label) for label in domain.split(".")]
    try:
        _check_bidi(labels)
    except ValueError:
        return domain
    return ".".join(labels)


def _normal_labels(domain: str) -> list[str]:
    if domain.isascii():
        return domain.lower().split(".")
    if len(domain) > MAX_DOMAIN_CHARACTERS:
        raise ValueError("a domain is too long")
    from unicodedata import decomposition, normalize  # its tables cost memory, and few names need them

    # RFC 5895 §2 (1): letter by letter, since str.lower() makes a final sigma of the last one, which is another name
    lowered = "".join(map(str.lower, domain))
    # §2 (2): full-width and half-width forms
    widths = ("<wide>", "<narrow>")
    narrow = "".join([normalize("NFKC", each) if decomposition(each).startswith(widths) else each for each in lowered])
    # §2 (3) and (4)
    return normalize("NFC", narrow).replace("\u3002", ".").split(".")


def _a_label(label: str) -> str:
    if not 0 < len(label) <= MAX_LABEL_OCTETS:
        raise ValueError("a label of a domain is empty or too long")
    if label.isascii():
        return label
    from scop.mime.fields.domain_labels import check_u_label

    check_u_label(label)
    found = f"{_PREFIX}{label.encode('punycode').decode('ascii')}"  # RFC 3492
    if len(found) > MAX_LABEL_OCTETS:
        raise ValueError("a label of a domain is too long")
    return found


def _u_label(label: str) -> str:
    if len(label) > MAX_LABEL_OCTETS or not _A_LABEL.fullmatch(label):
        return label
    try:
        found = label[len(_PREFIX) :].lower().encode("ascii").decode("punycode")
        # RFC 5891 §5.4: it must be the one A-label of its U-label
        return found if not found.isascii() and to_ascii(found) == label.lower() else label
    except ValueError:
        return label


def _check_bidi(labels: list[str]) -> None:
    if any(not label.isascii() for label in labels):
        from scop.mime.fields.domain_labels import check_bidi

        check_bidi(labels)
