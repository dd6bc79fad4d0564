"""Names that are imitated everywhere, so that they need not be learned: banks, shops, post, and where people log in.

The list is short on purpose: whom this organisation writes with is learned from its own mail, and weighs as much.
"""

from __future__ import annotations

__all__ = ["BAIT_WORDS", "WELL_KNOWN", "WORDS"]

_DOMAINS = (
    "abnamro.nl adobe.com airbnb.com aliexpress.com amazon.com americanexpress.com apple.com bankofamerica.com "
    "barclays.co.uk binance.com bnpparibas.com booking.com capitalone.com chase.com citibank.com coinbase.com "
    "commerzbank.de credit-agricole.fr deutsche-bank.de dhl.com discover.com docusign.com dropbox.com ebay.com "
    "facebook.com fedex.com github.com gmail.com google.com hsbc.com icloud.com instagram.com intesasanpaolo.com "
    "labanquepostale.fr linkedin.com lloydsbank.com mastercard.com microsoft.com natwest.com netflix.com "
    "office.com outlook.com paypal.com postbank.de postfinance.ch poste.it rabobank.nl raiffeisen.ch santander.com "
    "sberbank.ru sparkasse.de spotify.com swisscom.ch unicredit.it usbank.com usps.com visa.com volksbank.de "
    "wellsfargo.com westernunion.com whatsapp.com yahoo.com zoom.us "
    # of the same houses, though they look like imitations
    "amazonpay.com facebookmail.com googlemail.com mastercardconnect.com microsoftonline.com microsoftstore.com "
    "paypal-communication.com visaonline.com"
)

# What a name is dressed up with so that it looks like a desk of the one that it imitates.
_BAIT = (
    "access account accounts acces aktualisierung alert alerts assistance auth banking billing bestaetigung card "
    "center centre cliente clientes client clients compte confirm confirmation connect cuenta customer "
    "customers delivery desk facture fattura help helpdesk id info invoice invoices it konto kunden kundenservice "
    "livraison log login logon member members notice notification notifications online pago pagos paket parcel "
    "password pay payment payments portal rechnung recovery refund reset review safe safety secure secured security "
    "seguridad service services servicio session sicherheit sign signin sso support team tracking unlock update "
    "updates user users validate validation verif verification verified verify wallet webmail zahlung"
)

WELL_KNOWN = frozenset(_DOMAINS.split())
BAIT_WORDS = frozenset(_BAIT.split())
# Labels among them that are words, or a letter away from one: "Discovery", "finance".
WORDS = frozenset({"apple", "binance", "booking", "chase", "discover", "office", "outlook", "santander"})
