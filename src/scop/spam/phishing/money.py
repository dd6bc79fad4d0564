"""Changed bank details: an account, and words that say it is a new one, in the languages that invoices come in.

Standards: ISO 13616 (IBAN), ISO 7064 (its check: MOD 97-10).
"""

from __future__ import annotations

import re

__all__ = ["changes_bank_details"]

MAX_CHARACTERS = 20_000  # of a mail's text; a demand stands near its beginning
MAX_IBANS = 20
NEAR_CHARACTERS = 80  # between the words for an account and those for a change

_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_ACCOUNT = re.compile(
    r"\b(?:bank(?:ing)?[ -](?:account|details?|information|coordinates)|account (?:details|number)|"
    r"payment (?:details|instructions|information)|wire (?:instructions|details)|remittance (?:details|information)|"
    r"iban|swift code|sort code|routing number|direct deposit|"
    r"bankverbindung(?:en)?|kontoverbindung|bankdaten|kontodaten|kontonummer|"
    r"coordonnées bancaires|compte bancaire|rib|datos bancarios|cuenta bancaria|número de cuenta|"
    r"coordinate bancarie|conto corrente|dati bancari|dados bancários|conta bancária|"
    r"bankgegevens|rekeningnummer|numer(?:u)? (?:rachunku|konta)|rachunek bankowy|"
    r"bankkonto|kontonummer|banka hesab\w*|iban numara\w*)\b"
    r"|банковск\w+ реквизит\w+|реквизит\w+|расчётн\w+ счёт\w*|银行账户|银行帐户|收款账户|振込先|口座|계좌",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(?:chang(?:e|es|ed|ing)|updat(?:e|ed|es|ing)|new(?! york)|revised|replac(?:e|es|ed)|switch(?:ed)?|no longer|"
    r"geändert|geaendert|neue[nrs]?|aktualisiert\w*|änder\w+|nouve(?:au|aux|lle|lles)|chang(?:é|ées|ement)|modifi\w+|"
    r"nuev[oa]s?|cambi\w+|actualiz\w+|nuov[oaie]|aggiorn\w+|variazione|nov[oa]s?|alterad\w+|mudou|atualiz\w+|"
    r"nieuwe?|gewijzigd\w*|nowy|nowego|zmian\w+|zmieni\w+|nytt|nya|ändrat\w*|yeni|değiş\w+)\b"
    r"|измен\w+|нов(?:ые|ый|ых|ого)|смен\w+|变更|更改|新的?|変更|変わり|변경",
    re.IGNORECASE,
)
_PAYMENT = re.compile(
    r"\b(?:pay(?:ments?|ing|able)?|invoices?|transfer(?:s|red)?|remit(?:tance)?|wire|payroll|salary|deposit|"
    r"zahl\w+|überweis\w+|rechnung(?:en)?|gehalt|pai?ement\w*|virement\w*|facture\w*|salaire|pago\w*|transferencia\w*|"
    r"factura\w*|nómina|pagament\w+|bonific\w+|fattur\w+|stipendio|fatura\w*|betal\w+|factu\w+|płatnoś\w+|przelew\w*|"
    r"faktur\w*|ödeme\w*)\b|оплат\w+|плат[её]ж\w*|счет\w*|付款|汇款|发票|支払|請求|振込|결제|송금",
    re.IGNORECASE,
)


def changes_bank_details(text: str) -> bool:
    """Tell whether a text says that somebody is to be paid to another account than before."""
    seen = text[:MAX_CHARACTERS]
    for account in _ACCOUNT.finditer(seen):
        around = seen[max(0, account.start() - NEAR_CHARACTERS) : account.end() + NEAR_CHARACTERS]
        if _CHANGE.search(around):
            return _has_iban(seen) or _PAYMENT.search(seen) is not None
    return False


def _has_iban(text: str) -> bool:
    return any(_is_iban(found[0]) for found, _ in zip(_IBAN.finditer(text), range(MAX_IBANS), strict=False))


def _is_iban(written: str) -> bool:
    plain = written.replace(" ", "")
    digits = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
    return len(plain) >= 15 and int(digits) % 97 == 1
