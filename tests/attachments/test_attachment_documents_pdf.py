"""PDF: scripts, commands, files inside, locks; what honest forms have is no more than a note."""

from __future__ import annotations

import io
import warnings
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from scop.attachments import Kind, Severity, examine_thing
from scop.attachments.thing import Thing

_Change = Callable[[pikepdf.Pdf], None]
_NOTED = {(Kind.ACTIVE, Severity.NOTE)}
_SUSPECTED = {(Kind.ACTIVE, Severity.SUSPICIOUS)}
_DANGEROUS = {(Kind.ACTIVE, Severity.DANGEROUS)}


def _pdf(change: _Change, *, encryption: pikepdf.Encryption | None = None, packed: bool = False) -> bytes:
    document = pikepdf.Pdf.new()
    document.add_blank_page()
    change(document)
    out = io.BytesIO()
    mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
    with warnings.catch_warnings(action="ignore"):  # of a form field that no list names
        document.save(out, encryption=encryption or False, object_stream_mode=mode, recompress_flate=False)
    return out.getvalue()


def _found(octets: bytes) -> set[tuple[Kind, Severity]]:
    return {(one.kind, one.severity) for one in examine_thing(Thing(octets, "bill.pdf"))}


def _script(text: str) -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String(text))


def _opens(action: Callable[[], Dictionary]) -> _Change:
    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = document.make_indirect(action())

    return change


def _page(entries: Callable[[], Dictionary]) -> _Change:
    def change(document: pikepdf.Pdf) -> None:
        for key, value in entries().items():
            document.pages[0].obj[key] = value

    return change


def _form(trigger: str) -> _Change:
    def change(document: pikepdf.Pdf) -> None:
        field = Dictionary(FT=Name.Tx, AA=Dictionary({trigger: _script("AFNumber_Keystroke(2, 0, 0, 0, '', true);")}))
        document.Root.AcroForm = Dictionary(Fields=Array([document.make_indirect(field)]))

    return change


def _listed(document: pikepdf.Pdf) -> None:
    script = document.make_indirect(_script("x = 1"))
    document.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script])))


def _streamed(document: pikepdf.Pdf) -> None:
    text = document.make_stream(
        zlib.compress(b"this.exportDataObject({cName: 'x', nLaunch: 2})"), Filter=Name.FlateDecode
    )
    document.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=text)


def _command() -> Dictionary:
    return Dictionary(S=Name.Launch, Win=Dictionary(F=String("cmd.exe"), P=String("/c calc")))


def _share() -> Dictionary:
    return Dictionary(S=Name.GoToE, F=String("\\\\203.0.113.5\\share"))


def _visit() -> Dictionary:
    return Dictionary(S=Name.URI, URI=String("http://x.example/"))


def _click(kind: str, action: Dictionary) -> Dictionary:
    return Dictionary(Annots=Array([Dictionary(Subtype=Name(kind), A=action)]))


def _sends() -> Dictionary:
    return Dictionary(S=Name.SubmitForm, F=String("http://x.example/"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: None, set()),
        (_page(lambda: _click("/Link", _visit())), set()),
        (_opens(lambda: _script("app.alert(1)")), _SUSPECTED),
        (_opens(lambda: _script("eval(unescape('%u9090%u9090'))")), _DANGEROUS),
        (_opens(lambda: Dictionary(S=Name.GoTo, D=Array([]), Next=_script("app.alert(1)"))), _SUSPECTED),
        (_streamed, _DANGEROUS),
        (_listed, _SUSPECTED),
        (_opens(_command), _DANGEROUS),
        (_page(lambda: Dictionary(AA=Dictionary(O=_command()))), _DANGEROUS),
        (_opens(_visit), _SUSPECTED),
        (_opens(_share), _SUSPECTED),
        (_form("/K"), _NOTED),
        (_form("/C"), _NOTED),
        (_page(lambda: _click("/Widget", _sends())), _NOTED),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_pdf_is_judged_by_what_it_does(change: _Change, expected: set[tuple[Kind, Severity]], *, packed: bool) -> None:
    """What runs by itself is told from what a person starts, also where objects are packed into streams."""
    assert expected == _found(_pdf(change, packed=packed))


def test_pdf_name_with_escapes_is_the_same_name() -> None:
    """A name may be written with numbers for its letters."""
    octets = _pdf(_opens(lambda: _script("app.alert(1)"))).replace(b"/JavaScript", b"/J#61vaScript")
    assert _SUSPECTED == _found(octets)


def test_pdf_gives_its_files() -> None:
    """A file in a PDF is looked into under its name."""
    program = b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(300)

    def attach(document: pikepdf.Pdf) -> None:
        document.attachments["run.exe"] = pikepdf.AttachedFileSpec(document, program, filename="run.exe")

    assert {(Kind.EMBEDDED, Severity.NOTE), (Kind.EXECUTABLE, Severity.DANGEROUS)} == _found(_pdf(attach))


def test_pdf_bomb_is_stopped() -> None:
    """A file in a PDF that grows without end is stopped at the bound."""

    def attach(document: pikepdf.Pdf) -> None:
        packed = zlib.compress(bytes(12 << 20))
        document.Root.Bomb = document.make_stream(packed, Type=Name.EmbeddedFile, Filter=Name.FlateDecode)

    assert (Kind.BOMB, Severity.DANGEROUS) in _found(_pdf(attach))


def test_pdf_with_a_password_is_told() -> None:
    """What needs a password is locked; what opens without one is looked into."""
    change = _opens(lambda: _script("app.alert(1)"))
    locked = _pdf(change, encryption=pikepdf.Encryption(user="secret", owner="other"))
    opened = _pdf(change, encryption=pikepdf.Encryption(user="", owner="other"))
    assert ({(Kind.ENCRYPTED, Severity.SUSPICIOUS)}, _SUSPECTED) == (_found(locked), _found(opened))


def test_pdf_that_is_damaged_is_not_passed() -> None:
    """A PDF that cannot be read is told, and its octets are searched for what another reader may see."""
    found = _found(b"%PDF-1.7\n1 0 obj << /S /JavaScript /JS (x) >> " + bytes(range(256)))
    assert {(Kind.BROKEN, Severity.SUSPICIOUS), (Kind.ACTIVE, Severity.SUSPICIOUS)} == found
