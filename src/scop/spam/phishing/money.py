"""Changed bank details: words for an account, and near them words that say it is a new one.

In the languages that invoices come in; a demand to be paid, or an account's number (IBAN), must be there as well.

Standards: ISO 13616 (IBAN), ISO 7064 (its check: MOD 97-10).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["changes_bank_details"]

MAX_CHARACTERS = 20_000  # of a mail's text; a demand stands near its beginning
MAX_PLACES = 20  # where an account is spoken of
MAX_IBANS = 20
NEAR_CHARACTERS = 80  # between the words for an account and those for a change

_IBAN = re.compile(r"\b[a-z]{2}[0-9]{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?\b")
# Looked for as they stand, each by one quick scan; a letter before or behind makes another word of them.
_ACCOUNTS = (
    *("bank account", "banking account", "bank details", "banking details", "bank information", "bank coordinates"),
    *("account details", "account number", "payment details", "payment instructions", "wire instructions"),
    *("wire details", "remittance details", "remittance information", "direct deposit", "iban", "swift code"),
    *("sort code", "routing number", "bankverbindung", "kontoverbindung", "bankdaten", "kontodaten", "kontonummer"),
    *("bankkonto", "coordonnées bancaires", "compte bancaire", "rib", "datos bancarios", "cuenta bancaria"),
    *("número de cuenta", "coordinate bancarie", "conto corrente", "dati bancari", "dados bancários"),
    *("conta bancária", "bankgegevens", "rekeningnummer", "numer rachunku", "numer konta", "rachunek bankowy"),
    *("banka hesabı", "iban numarası", "банковские реквизиты", "банковских реквизитов", "реквизиты", "расчётный счёт"),
    *("расчетный счет", "银行账户", "银行帐户", "收款账户", "振込先", "口座", "계좌"),
)
# What they have in common, so that a dozen scans tell that a mail has none of them, as most have.
_STEMS = (
    *("ban", "account", "kont", "details", "instructions", "remittance i", "direct d", "t code", "routing n", "rib"),
    *("conto c", "rekening", "rachunk"),
)
_STEMS_BEYOND_ASCII = ("cuenta", "реквизит", "сч", "账户", "帐户", "振込先", "口座", "계좌")
_BY_STEM = {
    stem: frozenset([words for words in _ACCOUNTS if stem in words]) for stem in (*_STEMS, *_STEMS_BEYOND_ASCII)
}
_RIB = re.compile(r"rib(?<![a-z]rib)")  # not in "subscribe", which is in half of all mail
_CHANGE = re.compile(
    r"\b(?:chang(?:e|es|ed|ing)|updat(?:e|ed|es|ing)|new(?! york)|revised|replac(?:e|es|ed)|switch(?:ed)?|no longer|"
    r"geändert|geaendert|neue[nrs]?|aktualisiert\w*|änder\w+|nouve(?:au|aux|lle|lles)|chang(?:é|ées|ement)|modifi\w+|"
    r"nuev[oa]s?|cambi\w+|actualiz\w+|nuov[oaie]|aggiorn\w+|variazione|nov[oa]s?|alterad\w+|mudou|atualiz\w+|"
    r"nieuwe?|gewijzigd\w*|nowy|nowego|zmian\w+|zmieni\w+|nytt|nya|ändrat\w*|yeni|değiş\w+)\b"
    r"|измен\w+|нов(?:ые|ый|ых|ого)|смен\w+|变更|更改|新|変更|変わり|변경"
)
_PAYMENT = re.compile(
    r"\b(?:pay(?:ments?|ing|able)?|invoices?|transfer(?:s|red)?|remit(?:tance)?|wire|payroll|salary|deposit|"
    r"zahl\w+|überweis\w+|rechnung(?:en)?|gehalt|pai?ement\w*|virement\w*|facture\w*|salaire|pago\w*|transferencia\w*|"
    r"factura\w*|nómina|pagament\w+|bonific\w+|fattur\w+|stipendio|fatura\w*|betal\w+|factu\w+|płatnoś\w+|przelew\w*|"
    r"faktur\w*|ödeme\w*)\b|оплат\w+|плат[её]ж\w*|счет\w*|付款|汇款|发票|支払|請求|振込|결제|송금"
)


def changes_bank_details(text: str) -> bool:
    """Tell whether a text says that somebody is to be paid to another account than before."""
    seen = text[:MAX_CHARACTERS].lower()
    is_changed = any(_CHANGE.search(around) for around in _around_accounts(seen))
    return is_changed and (_PAYMENT.search(seen) is not None or _has_iban(seen))


def _around_accounts(lower: str) -> Iterator[str]:
    """Yield what stands around words for an account, in so many places at most."""
    stems = [stem for stem in (_STEMS if lower.isascii() else _BY_STEM) if stem in lower]
    if "rib" in stems and _RIB.search(lower) is None:
        stems.remove("rib")
    if not stems:
        return
    there = frozenset[str]().union(*map(_BY_STEM.__getitem__, stems))
    places = 0
    for words in filter(there.__contains__, _ACCOUNTS):
        place = lower.find(words)
        while place >= 0 and places < MAX_PLACES:
            end = place + len(words)
            if not _is_inside_word(lower, place, end):
                places += 1
                yield lower[max(0, place - NEAR_CHARACTERS) : end + NEAR_CHARACTERS]
            place = lower.find(words, end)


def _is_inside_word(lower: str, start: int, end: int) -> bool:
    if not lower[start].isascii():  # languages that put no spaces, or bend their words
        return False
    # Lenient: an s or n behind is a plural
    before, behind = lower[start - 1 : start], lower[end : end + 1]
    return before.isalpha() or (behind.isalpha() and behind not in "sn")


def _has_iban(lower: str) -> bool:
    return any(_is_iban(found[0]) for found, _ in zip(_IBAN.finditer(lower), range(MAX_IBANS), strict=False))


def _is_iban(written: str) -> bool:
    plain = written.replace(" ", "")
    digits = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
    return len(plain) >= 15 and int(digits) % 97 == 1
