"""The words that the mails are made of, by script, and the charsets in which each script is written.

The lists were written for this corpus and mean little; they are CC0. Every character stands in every charset that is
named beside it, under the same octets in every version of Python, so a word may be spelled in any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from scop.hamlet.draw import Draw, spread

__all__ = ["ASCII", "SCRIPTS", "SCRIPTS_AT_WILL", "Charset", "Script", "charsets_of", "draw_words", "script_of"]


@dataclass(frozen=True, slots=True)
class Charset:
    """The name that a mail states, and Python's codec that writes it."""

    label: str
    codec: str
    width: int = 1  # octets that one character takes at most, with those that change the charset's state
    is_stateful: bool = False  # each piece must begin and end in its first state, so no character is split

    @property
    def has_ascii(self) -> bool:
        """Tell whether ASCII text is written as itself."""
        return not self.is_stateful and self.codec != "utf-16-be"


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """Words of one script and the charsets that have all their characters."""

    words: tuple[str, ...]
    charsets: tuple[Charset, ...]


_UNICODE = (
    Charset("utf-8", "utf-8", width=4),
    Charset("UTF-8", "utf-8", width=4),
    Charset("utf-7", "utf-7", width=8, is_stateful=True),
    Charset("utf-16be", "utf-16-be", width=4),
)


def _script(words: str, *charsets: Charset) -> Script:
    return Script(tuple(words.split()), charsets + _UNICODE)


ASCII = _script(
    """
    a an and apple arrow at barge basil beacon bell below biscuit bobbin bramble bridge brook bucket button
    by candle cart chalk cheese clock cloud cobble copper cork crow cup daisy dawn dew dipper door dove
    drizzle dune elm ember every fern ferry fiddle finch fog for fox from garden gate ginger glove goose
    grain gull hamper harbor hat hazel hedge heron hill hinge honey hoop in ink island ivy jam jar jug
    kettle key kite ladder lagoon lamp lantern lark leaf lemon lichen lime loaf loom lute maple marble marsh
    meadow mint mitten moon moss moth mug nettle newt nib no nut oak oar oat of olive on onion or otter owl
    paddle pear pebble pepper pier pigeon pine plum pocket pond porridge puddle quail quill quince raft rain
    raven reed ribbon river robin rope rye saddle sage sail salt sand seven shell shingle silver snail soap
    spoon sprig squash stile stone stork straw sugar swift tea ten than the thimble thistle three thyme tide
    tin to toad trout turnip twig twine under velvet vine wagon walnut water weasel whistle willow wind wing
    with wool wren yarn yes yonder zinc
    """,
    Charset("us-ascii", "ascii"),
    Charset("iso-8859-1", "latin-1"),
    Charset("KOI8-R", "koi8-r"),
)
_LATIN_1 = (
    Charset("iso-8859-1", "latin-1"),
    Charset("ISO-8859-15", "iso8859-15"),
    Charset("Windows-1252", "cp1252"),
)
SCRIPTS = (
    ASCII,
    _script("für über Mädchen Straße öfter Käse grün Äpfel Öl müde Füße Löffel Bär Würfel Träume", *_LATIN_1),
    _script("café déjà forêt façade élan naïve crème fenêtre août reçu señor niño mañana ação pão blåbær ø", *_LATIN_1),
    _script(
        "żółw łąka świerk źdźbło chrząszcz pięć gęś ćma tučňák kůň žába řeka město čtyři růže",
        Charset("iso-8859-2", "iso8859-2"),
        Charset("windows-1250", "cp1250"),
    ),
    _script(
        "şemsiye çiğdem ağaç güneş ışık değirmen çorba kuş",
        Charset("iso-8859-9", "iso8859-9"),
        Charset("windows-1254", "cp1254"),
    ),
    _script(
        "ežeras žuvis šaltinis ąžuolas ūkas ķirsis šķiņķis",
        Charset("windows-1257", "cp1257"),
        Charset("iso-8859-13", "iso8859-13"),
    ),
    _script(
        "φως θάλασσα νερό δρόμος ψωμί ήλιος γάτα βροχή",
        Charset("iso-8859-7", "iso8859-7"),
        Charset("windows-1253", "cp1253"),
    ),
    _script(
        "ёжик мост река облако чай снег яблоко щука лодка фонарь жук цапля объём",
        Charset("koi8-r", "koi8-r"),
        Charset("windows-1251", "cp1251"),
        Charset("iso-8859-5", "iso8859-5"),
        Charset("IBM866", "cp866"),
    ),
    _script(
        "їжак ґава криниця ліхтар єнот місяць",
        Charset("koi8-u", "koi8-u"),
        Charset("windows-1251", "cp1251"),
    ),
    _script("שלום ים גשר ציפור לחם עננים", Charset("iso-8859-8", "iso8859-8"), Charset("windows-1255", "cp1255")),
    _script("قمر بحر جسر خبز شمس نهر", Charset("iso-8859-6", "iso8859-6"), Charset("windows-1256", "cp1256")),
    _script("แมว ปลา น้ำ ฝน ดาว", Charset("tis-620", "tis-620"), Charset("windows-874", "cp874")),
    _script(
        "日本 東京 橋 川 おにぎり こんにちは カメラ テスト 手紙 雨 山 さくら ありがとう 本",
        Charset("iso-2022-jp", "iso2022_jp", width=8, is_stateful=True),
        Charset("ISO-2022-JP", "iso2022_jp", width=8, is_stateful=True),
        Charset("shift_jis", "shift_jis", width=4),
        Charset("euc-jp", "euc_jp", width=4),
    ),
    _script(
        "你好 北京 桥 河 面包 月亮 中国 信 雨伞 书",
        Charset("gb2312", "gb2312", width=4),
        Charset("gbk", "gbk", width=4),
        Charset("gb18030", "gb18030", width=4),
        Charset("hz-gb-2312", "hz", width=8, is_stateful=True),
    ),
    _script("你好 臺北 橋 河 麵包 月亮 書 信件 雨傘", Charset("big5", "big5", width=4)),
    _script(
        "안녕 다리 강 바다 편지 구름 사과 빵",
        Charset("euc-kr", "euc_kr", width=4),
        Charset("ks_c_5601-1987", "euc_kr", width=4),
    ),
    _script("☂ ☃ ♞ ★ → naïve 🦊 🐢 📮 ½ ∞ “quoted” — …"),
)
# A third of all texts are plain English, as it were; the rest is shared by all scripts.
SCRIPTS_AT_WILL = spread((len(SCRIPTS) - 1, ASCII), *[(2, script) for script in SCRIPTS[1:]])


@cache
def _scripts_by_character() -> dict[str, Script]:
    found: dict[str, Script] = {}
    for script in SCRIPTS[1:]:
        for character in "".join(script.words):
            if not character.isascii():
                found.setdefault(character, script)
    return found


def script_of(text: str) -> Script:
    """Return the script of the first character beyond ASCII."""
    if text.isascii():
        return ASCII
    scripts = _scripts_by_character()
    return next((scripts[character] for character in text if character in scripts), SCRIPTS[-1])


def charsets_of(text: str) -> tuple[Charset, ...]:
    """Return the charsets in which `text` is likely to be written; one of them may lack a character of it."""
    return script_of(text).charsets


def draw_words(draw: Draw, script: Script, count: int) -> list[str]:
    """Return `count` words of `script`."""
    words, below = script.words, draw.below
    return [words[below(len(words))] for _ in range(count)]
