"""The names of character sets, and the codec of Python's that reads each.

The tables are text, a line for each codec, and are searched only for a name that was never asked for
before: as dictionaries they would cost every process ten times their length.

Standards: WHATWG Encoding Standard §4.2 (names and labels); IANA character set registry (RFC 2978); UTS #22 §1.4.
"""

from __future__ import annotations

import re
from functools import cache

__all__ = ["common_codecs", "find_codec"]

# Each line: the encoding's name in the standard, Python's codec for it ("-": none reads it), its labels.
# Where mail needs what the web forbids, a name has two lines:
# - US-ASCII stays itself: the web's windows-1252 would read the unlabelled UTF-8 of today's mail wrongly.
# - HZ and ISO-2022-KR are read (RFC 1842, RFC 1557): the web's fear is of scripts, which mail does not run.
WHATWG = """
utf-8 utf_8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8
ibm866 cp866 866 cp866 csibm866 ibm866
iso-8859-2 iso8859_2 csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2
iso-8859-3 iso8859_3 csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3
iso-8859-4 iso8859_4 csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4
iso-8859-5 iso8859_5 csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988
iso-8859-6 iso8859_6 arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e \
iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987
iso-8859-7 iso8859_7 csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 \
iso_8859-7 iso_8859-7:1987 sun_eu_greek
iso-8859-8 iso8859_8 csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 \
iso_8859-8 iso_8859-8:1988 visual
iso-8859-8-i iso8859_8 csiso88598i iso-8859-8-i logical
iso-8859-10 iso8859_10 csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6
iso-8859-13 iso8859_13 iso-8859-13 iso8859-13 iso885913
iso-8859-14 iso8859_14 iso-8859-14 iso8859-14 iso885914
iso-8859-15 iso8859_15 csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9
iso-8859-16 iso8859_16 iso-8859-16
koi8-r koi8_r cskoi8r koi koi8 koi8-r koi8_r
koi8-u koi8_u koi8-ru koi8-u
macintosh mac_roman csmacintosh mac macintosh x-mac-roman
windows-874 cp874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874
windows-1250 cp1250 cp1250 windows-1250 x-cp1250
windows-1251 cp1251 cp1251 windows-1251 x-cp1251
windows-1252 ascii ansi_x3.4-1968 ascii us-ascii
windows-1252 cp1252 cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 \
iso_8859-1:1987 l1 latin1 windows-1252 x-cp1252
windows-1253 cp1253 cp1253 windows-1253 x-cp1253
windows-1254 cp1254 cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 \
windows-1254 x-cp1254
windows-1255 cp1255 cp1255 windows-1255 x-cp1255
windows-1256 cp1256 cp1256 windows-1256 x-cp1256
windows-1257 cp1257 cp1257 windows-1257 x-cp1257
windows-1258 cp1258 cp1258 windows-1258 x-cp1258
x-mac-cyrillic mac_cyrillic x-mac-cyrillic x-mac-ukrainian
gbk gb18030 chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk
gb18030 gb18030 gb18030
big5 big5hkscs big5 big5-hkscs cn-big5 csbig5 x-x-big5
euc-jp euc_jp cseucpkdfmtjapanese euc-jp x-euc-jp
iso-2022-jp iso2022_jp csiso2022jp iso-2022-jp
shift_jis cp932 csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis
euc-kr cp949 cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949
replacement hz hz-gb-2312
replacement iso2022_kr csiso2022kr iso-2022-kr
replacement - iso-2022-cn iso-2022-cn-ext replacement
utf-16be utf_16_be unicodefffe utf-16be
utf-16le utf_16 csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16
utf-16le utf_16_le utf-16le
x-user-defined x-user-defined x-user-defined
"""

# What mail says besides: the registry's other names, and those that senders made up. The codec, its labels.
MAIL = """
ascii 646 ansi_x3.4-1986 cp367 csascii csunknown8bit default ibm367 iso-ir-6 iso646-us iso_646.irv:1991 unknown \
unknown-8bit us x-ascii x-unknown x-us-ascii
utf_8 cp65001 csutf8 unicode-2-0-utf-8 utf-8n utf8mb4 x-utf-8
utf_7 cp65000 csunicode11utf7 csutf7 unicode-1-1-utf-7 unicode-2-0-utf-7 utf-7 x-unicode-2-0-utf-7
utf_16 csutf16
utf_16_be csutf16be x-utf-16be
utf_16_le csutf16le x-utf-16le
utf_32 csucs4 csutf32 iso-10646-ucs-4 ucs-4 utf-32
utf_32_be csutf32be utf-32be
utf_32_le csutf32le utf-32le
iso8859_6 iso_8859-6-e iso_8859-6-i
iso8859_8 iso_8859-8-e iso_8859-8-i
iso8859_10 iso_8859-10:1992
iso8859_13 csiso885913 iso-ir-179 l7 latin7
iso8859_14 csiso885914 iso-celtic iso-ir-199 iso_8859-14:1998 l8 latin8
iso8859_15 csiso885915 latin9
iso8859_16 csiso885916 iso-ir-226 iso_8859-16:2001 l10 latin10
cp874 cstis620 cswindows874 ibm874 iso-ir-166 tis620.2533
cp1250 cswindows1250 win-1250
cp1251 ansi-1251 cswindows1251 win-1251
cp1252 ansi cswindows1252 western win-1252
cp1253 cswindows1253
cp1254 cswindows1254
cp1255 cswindows1255
cp1256 cswindows1256
cp1257 cswindows1257
cp1258 cswindows1258
koi8_r cp20866 x-koi8-r
koi8_u cp21866 cskoi8u x-koi8-u
gb18030 936 cn-gb cp936 csgb18030 csgbk euc-cn gb2312-1980 ms936 windows-936 x-euc-cn x-mac-chinesesimp
big5hkscs 950 big5-eten cp950 csbig5hkscs ms950 windows-950 x-big5 x-mac-chinesetrad x-windows-950
euc_jp extended_unix_code_packed_format_for_japanese ujis
iso2022_jp cp50220 jis x-iso-2022-jp
iso2022_jp_1 iso-2022-jp-1
iso2022_jp_2 csiso2022jp2 iso-2022-jp-2
iso2022_jp_ext cp50221 cp50222 iso-2022-jp-ext iso-2022-jp-ms
cp932 932 cp932 cswindows31j x-mac-japanese x-ms-cp932
cp949 949 cp949 ms949 uhc x-mac-korean x-windows-949
hz hz hz-gb
johab cp1361 johab ks_c_5601-1992 ms1361
mac_cyrillic mac-cyrillic
mac_roman mac-roman x-macroman
"""

# Not loaded beforehand (see `load_charsets`): up to 40 KB each, and hardly seen since DOS and the old Macintosh.
SELDOM = """
cp437 437 cp437 cspc8codepage437 ibm437
cp720 cp720 dos-720
cp737 cp737 dos-737 ibm737
cp775 cp775 cspc775baltic ibm775
cp850 850 cp850 cspc850multilingual ibm850
cp852 852 cp852 cspcp852 ibm852
cp855 855 cp855 csibm855 ibm855
cp857 857 cp857 csibm857 ibm857
cp858 858 ccsid00858 cp00858 cp858 csibm00858 ibm00858 ibm858 pc-multilingual-850+euro
cp860 860 cp860 csibm860 ibm860
cp861 861 cp-is cp861 csibm861 ibm861
cp862 862 cp862 cspc862latinhebrew dos-862 ibm862
cp863 863 cp863 csibm863 ibm863
cp864 cp864 csibm864 ibm864
cp865 865 cp865 csibm865 ibm865
cp869 869 cp-gr cp869 csibm869 ibm869
cp1125 cp1125 cp866u ibm1125
hp_roman8 cshproman8 hp-roman8 r8 roman8
iso2022_jp_2004 iso-2022-jp-2004
iso2022_jp_3 iso-2022-jp-3
euc_jis_2004 euc-jis-2004 eucjis2004
koi8_t koi8-t
kz1048 cskz1048 kz-1048 rk1048 strk1048-2002
ptcp154 cp154 csptcp154 cyrillic-asian pt154 ptcp154
mac_arabic mac-arabic x-mac-arabic
mac_croatian mac-croatian x-mac-croatian
mac_greek mac-greek x-mac-greek
mac_iceland mac-icelandic x-mac-icelandic
mac_latin2 mac-centraleurope mac-latin2 macce x-mac-ce x-mac-centraleurroman
mac_romanian mac-romanian x-mac-romanian
mac_turkish mac-turkish x-mac-turkish
"""

_NAME_COLUMN = re.compile(r"^\S++ ", re.MULTILINE)
_NO_LABEL = re.compile(r"[^a-z0-9]")


def find_codec(label: str) -> str | None:
    """Return the codec of a lower-case charset `label`, None where it is not one that we read.

    Lenient: where no label is the same, punctuation does not count ("iso_8859_1", "cp-850", "win1251"; UTS #22 §1.4).
    """
    # One `str.find` for each table: mail may name a new charset in every word.
    codec = _codec_before(f" {label} ", codec_lines()) if label.isprintable() and " " not in label else None
    if codec is None and (squashed := _NO_LABEL.sub("", label)):
        codec = _codec_before(f" {squashed} ", _squashed_lines())
    return None if codec == "-" else codec


def _codec_before(found: str, lines: str) -> str | None:
    position = lines.find(found)
    if position < 0:
        return None
    start = lines.rindex("\n", 0, position) + 1
    return lines[start : lines.index(" ", start)]


def common_codecs() -> frozenset[str]:
    """Return the codecs of all charsets but the seldom ones."""
    lines = (_NAME_COLUMN.sub("", WHATWG) + MAIL).split("\n")
    return frozenset([line.partition(" ")[0] for line in lines]) - {"", "-"}


@cache
def codec_lines() -> str:
    """Return the tables as one: each line a codec and its labels, with a blank behind every one of them."""
    return (_NAME_COLUMN.sub("", WHATWG) + MAIL + SELDOM).replace("\n", " \n")


@cache
def _squashed_lines() -> str:
    lines = [line.split(" ") for line in codec_lines().split("\n")]
    return "".join(f"\n{codec} {' '.join([_NO_LABEL.sub('', label) for label in labels])}" for codec, *labels in lines)
