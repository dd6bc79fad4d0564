"""The real nursery: what it loads works where no file can be opened and no memory be made executable."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from pathlib import Path

import pytest

from fakes.nursing import looked_into, nursed
from scop.cells.examiner.nurse import ErrandLimits
from scop.cells.examiner.service import _check_rules, nursery_command

HEADER = b'From: a@lagoon.test\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
RULE = 'rule tide { meta: severity = "suspicious" strings: $a = "High water" condition: $a }'


def mail_with(name: str, octets: bytes) -> bytes:
    """Return a mail with a file."""
    head = f'--x\r\nContent-Type: application/octet-stream; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return b"".join((HEADER, head.encode(), _base64(octets), b"\r\n--x--\r\n"))


def _base64(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


async def test_nursery_finds_programs_and_what_the_operators_rules_name(tmp_path: Path) -> None:
    """Archives are walked and rules held against octets in a child that is sealed; a PDF is read by C code."""
    rules = tmp_path / "rules.yar"
    rules.write_text(RULE)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr("tide.exe", b"MZ" + bytes(200) + b"High water")
    ids = ("64321", "64321") if os.geteuid() == 0 else ("", "")
    async with nursed(nursery_command(*ids, str(rules)), ErrandLimits(12.0)) as nurse:
        packed = await looked_into(nurse, mail_with("tide.zip", archive.getvalue()))
        document = await looked_into(nurse, mail_with("a.pdf", PDF))
    assert ("", "") == (packed.trouble, document.trouble)
    assert {"executable", "rule"} <= {one.kind for one in packed.findings}
    assert "active" in {one.kind for one in document.findings}


def test_rules_that_are_none_are_named_before_anything_starts(tmp_path: Path) -> None:
    """With the file and the line, as the operator wrote them."""
    wrong = tmp_path / "wrong.yar"
    wrong.write_text("rule x { condition: nothing }")
    with pytest.raises(
        ValueError, match=r"yara_rules: wrong\.yar has no YARA rules .*unknown identifier[^\n\\]* \(wrong\.yar:1:21\)$"
    ):
        _check_rules(str(wrong))


PDF = (
    b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>\nendobj\n"
    b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\ntrailer\n<</Root 1 0 R/Size 3>>\nstartxref\n0\n%%EOF\n"
)
