"""What servers of the world write: the shapes of more than twenty, each with what a lenient reading finds.

Names and numbers are made up; the order, the folding, the comments and the words beside the standard are theirs.
"""

from __future__ import annotations

import pytest

from scop.authres import AuthenticationResults, parse

# server → (its field, its name, method=result in order, one property of the last result that has any)
PROVIDERS: dict[str, tuple[str, str, str, tuple[str, str]]] = {
    "Gmail": (
        (
            "mx.google.com;\r\n       dkim=pass header.i=@a.test header.s=s1 header.b=Ax3/kd+9;\r\n       arc=pass (i=1"
            " spf=pass spfdomain=a.test dkim=pass dkdomain=a.test);\r\n       spf=pass (google.com: domain of"
            " b+1-a=x.test@a.test designates 192.0.2.1 as permitted sender) smtp.mailfrom=b+1-a=x.test@a.test;\r\n"
            "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=a.test"
        ),
        "mx.google.com",
        "dkim=pass arc=pass spf=pass dmarc=pass",
        ("header.from", "a.test"),
    ),
    "Outlook": (
        (
            "spf=pass (sender IP is 192.0.2.1)\r\n smtp.mailfrom=a.test; dkim=pass (signature was verified)\r\n"
            " header.d=a.test;dmarc=pass action=none\r\n header.from=a.test;compauth=pass reason=100"
        ),
        "",
        "spf=pass dkim=pass dmarc=pass compauth=pass",
        ("header.from", "a.test"),
    ),
    "Outlook to others": (
        (
            "harbor.test; dkim=none (message not signed)\r\n header.d=none;harbor.test; dmarc=none action=none"
            " header.from=a.test;"
        ),
        "harbor.test",
        "dkim=none dmarc=none",
        ("header.from", "a.test"),
    ),
    "Yahoo": (
        (
            "atlas-production.v2-mail-prod1-bf1.omega.yahoo.com;\r\n dkim=pass header.i=@a.test header.s=default;\r\n"
            " spf=pass smtp.mailfrom=a.test arc_overridden_status=NOT_OVERRIDDEN;\r\n"
            " dmarc=pass(p=NONE,sp=QUARANTINE) header.from=a.test arc_overridden_status=NOT_OVERRIDDEN;"
        ),
        "atlas-production.v2-mail-prod1-bf1.omega.yahoo.com",
        "dkim=pass spf=pass dmarc=pass",
        ("header.from", "a.test"),
    ),
    "AOL": (
        (
            "atlas206.aol.mail.ne1.yahoo.com;\r\n dkim=unknown;\r\n spf=none smtp.mailfrom=a.test;\r\n"
            " dmarc=unknown header.from=a.test;"
        ),
        "atlas206.aol.mail.ne1.yahoo.com",
        "dkim=unknown spf=none dmarc=unknown",
        ("header.from", "a.test"),
    ),
    "Fastmail": (
        (
            "mx3.messagingengine.com;\r\n  bimi=pass header.d=a.test header.selector=default policy.authority=pass\r\n"
            "      policy.authority-uri=https://a.test/a.pem;\r\n    arc=none (no signatures found);\r\n    dkim=pass"
            " (2048-bit rsa key sha256) header.d=a.test\r\n      header.i=@a.test header.b=a/b+c"
            " header.a=rsa-sha256 header.s=fm1\r\n      x-bits=2048;\r\n    dmarc=pass policy.published-policy=reject"
            " policy.applied-disposition=none\r\n      (p=reject,d=none) header.from=a.test;\r\n    iprev=pass"
            " smtp.remote-ip=192.0.2.1 (mx.a.test);\r\n    x-ptr=pass smtp.helo=mx.a.test"
            " policy.ptr=mx.a.test;\r\n    x-tls=pass smtp.version=TLSv1.3 smtp.bits=256/256"
        ),
        "mx3.messagingengine.com",
        "bimi=pass arc=none dkim=pass dmarc=pass iprev=pass x-ptr=pass x-tls=pass",
        ("smtp.bits", "256/256"),
    ),
    "Fastmail, a name that was not found": (
        (
            "mx.test;\r\n iprev=fail policy.iprev=192.0.2.1 (NOT FOUND);\r\n x-ptr=fail x-ptr-helo=bad.test"
            ' x-ptr-lookup="";\r\n spf=fail smtp.mailfrom=x@a.test smtp.helo=bad.test'
        ),
        "mx.test",
        "iprev=fail x-ptr=fail spf=fail",
        ("smtp.helo", "bad.test"),
    ),
    "Proton": (
        "mail.protonmail.ch; dkim=fail (Bad 0 bit\r\n    rsa-sha256 signature.) header.d=a.test header.a=rsa-sha256",
        "mail.protonmail.ch",
        "dkim=fail",
        ("header.a", "rsa-sha256"),
    ),
    "Zoho": (
        (
            "mx.zohomail.com;\r\n\tdkim=pass;\r\n\tspf=pass (zohomail.com: domain of a.test designates 192.0.2.1 as"
            " permitted sender)  smtp.mailfrom=a@a.test;\r\n\tdmarc=pass(p=reject dis=none)  header.from=a.test"
        ),
        "mx.zohomail.com",
        "dkim=pass spf=pass dmarc=pass",
        ("header.from", "a.test"),
    ),
    "Mail.ru": (
        (
            "mxs.mail.ru; spf=none () smtp.mailfrom=a@a.test smtp.helo=mx.a.test;\r\n\t dkim=pass"
            " header.d=a.test; dmarc=pass header.from=a@a.test"
        ),
        "mxs.mail.ru",
        "spf=none dkim=pass dmarc=pass",
        ("header.from", "a@a.test"),
    ),
    "Yandex": (
        (
            "mxfront3q.mail.yandex.net; spf=pass (mxfront3q.mail.yandex.net: domain of a.test designates 2001:db8::1"
            " as permitted sender, rule=[ip6:2001:db8::/36]) smtp.mail=a@a.test; dkim=pass header.i=@a.test"
        ),
        "mxfront3q.mail.yandex.net",
        "spf=pass dkim=pass",
        ("header.i", "@a.test"),
    ),
    "iCloud": (
        'bimi.icloud.com; bimi=skipped reason="insufficient dmarc"',
        "bimi.icloud.com",
        "bimi=skipped",
        ("", ""),
    ),
    "GMX": ("gmx.net; dkim=pass header.i=@a.test", "gmx.net", "dkim=pass", ("header.i", "@a.test")),
    "IONOS": (
        (
            "kundenserver.de; dkim=pass\r\n header.i=no.reply@a.test header.s=s1; spf=pass\r\n"
            " smtp.helo=mx.a.test; dmarc=none header.from=a.test;\r\n iprev=pass policy.iprev=192.0.2.1"
        ),
        "kundenserver.de",
        "dkim=pass spf=pass dmarc=none iprev=pass",
        ("policy.iprev", "192.0.2.1"),
    ),
    "Comcast": (
        (
            "resimta-a2p-1.sys.comcast.net;\r\n\tdkim=pass header.d=a.test header.b=kd9/x;\r\n\tdmarc=pass"
            " header.from=a.test;\r\n\tspf=pass smtp.mailfrom=a@a.test;"
        ),
        "resimta-a2p-1.sys.comcast.net",
        "dkim=pass dmarc=pass spf=pass",
        ("smtp.mailfrom", "a@a.test"),
    ),
    "OpenDKIM": (
        (
            'mx.test;\r\n\tdkim=fail reason="signature verification failed" (2048-bit key; unprotected) header.d=a.test'
            " header.i=@a.test header.a=rsa-sha256 header.s=s1 header.b=l+0z0T6c;\r\n\tdkim-atps=neutral"
        ),
        "mx.test",
        "dkim=fail dkim-atps=neutral",
        ("header.b", "l+0z0T6c"),
    ),
    "OpenDMARC": (
        "mx.test; dmarc=fail (p=quarantine dis=none) header.from=a.test",
        "mx.test",
        "dmarc=fail",
        ("header.from", "a.test"),
    ),
    "policyd-spf": (
        (
            "mx.test; spf=pass (sender SPF authorized) smtp.mailfrom=a.test (client-ip=192.0.2.1; helo=mx.a.test;"
            " envelope-from=a@a.test; receiver=<UNKNOWN>)"
        ),
        "mx.test",
        "spf=pass",
        ("smtp.mailfrom", "a.test"),
    ),
    "rspamd": (
        (
            'mx.test;\r\n\tdkim=pass header.d=a.test header.s=s1 header.b="z+/9";\r\n\tspf=pass (mx.test: domain of'
            " a@a.test designates 192.0.2.1 as permitted sender) smtp.mailfrom=a@a.test;\r\n\tdmarc=pass"
            ' (policy=none) header.from=a.test;\r\n\tarc=reject ("signature check failed: fail, {[1] = sig:x:reject}")'
        ),
        "mx.test",
        "dkim=pass spf=pass dmarc=pass arc=reject",
        ("header.from", "a.test"),
    ),
    "Mimecast": (
        "relay.mimecast.com;\r\n\tauth=pass smtp.auth=CUSA1 smtp.mailfrom=a@a.test",
        "relay.mimecast.com",
        "auth=pass",
        ("smtp.mailfrom", "a@a.test"),
    ),
    "Proofpoint": (
        (
            "ppops.net;\r\n        spf=softfail smtp.mailfrom=a@a.test;\r\n        dkim=pass header.d=a.test"
            " header.s=s1;\r\n        dmarc=pass (policy=reject) header.from=a.test"
        ),
        "ppops.net",
        "spf=softfail dkim=pass dmarc=pass",
        ("header.from", "a.test"),
    ),
    "Amazon SES": (
        (
            "amazonses.com;\r\n spf=pass (spfCheck: domain of a.test designates 192.0.2.1 as permitted sender)"
            " client-ip=192.0.2.1; envelope-from=a.b@a.test; helo=mx.a.test;\r\n dkim=pass"
            " header.i=@a.test;\r\n dmarc=pass header.from=a.test;"
        ),
        "amazonses.com",
        "spf=pass dkim=pass dmarc=pass",
        ("header.from", "a.test"),
    ),
    "Cisco": (
        (
            "esa3.iphmx.com;\r\n spf=Pass smtp.mailfrom=A@a.test;\r\n spf=None smtp.helo=postmaster@mx.a.test;"
            "\r\n dkim=pass (signature verified) header.i=@a.test;\r\n dmarc=pass (p=none dis=none) d=a.test"
        ),
        "esa3.iphmx.com",
        "spf=pass spf=none dkim=pass dmarc=pass",
        ("header.i", "@a.test"),
    ),
    "Exim": (
        (
            "mx.test;\r\n\tiprev=pass (mx.a.test) smtp.remote-ip=2001:db8::1;\r\n\tspf=pass"
            " smtp.mailfrom=a.test;\r\n\tdkim=pass header.d=a.test header.s=s1 header.a=ed25519-sha256;\r\n\t"
            "dmarc=pass header.from=a.test;\r\n\tarc=none"
        ),
        "mx.test",
        "iprev=pass spf=pass dkim=pass dmarc=pass arc=none",
        ("header.from", "a.test"),
    ),
    "mailauth": (
        (
            "mx.test;\r\n dkim=pass header.i=@a.test header.s=s1 header.a=rsa-sha256\r\n header.b=TXuCNlsq;\r\n"
            " spf=pass (mx.test: domain of a@a.test designates 192.0.2.1 as\r\n permitted sender)"
            " smtp.mailfrom=a@a.test smtp.helo=mx.a.test;\r\n arc=pass (i=2 spf=neutral dkim=pass"
            " dkdomain=a.test);\r\n bimi=skipped (too lax DMARC policy)"
        ),
        "mx.test",
        "dkim=pass spf=pass arc=pass bimi=skipped",
        ("smtp.helo", "mx.a.test"),
    ),
    "authheaders": (
        (
            "mx.test; spf=pass smtp.mailfrom=a@a.test; dkim=pass (2048-bit key) header.d=a.test"
            " header.i=@a.test; arc=none; dmarc=pass (Used From Domain Record) header.from=a.test"
            " policy.dmarc=reject"
        ),
        "mx.test",
        "spf=pass dkim=pass arc=none dmarc=pass",
        ("policy.dmarc", "reject"),
    ),
    "Halon": (
        "mx.test;\r\n spf=pass smtp.mailfrom=a@a.test;\r\n dmarc=pass header.from=a.test (p=reject)",
        "mx.test",
        "spf=pass dmarc=pass",
        ("header.from", "a.test"),
    ),
}


@pytest.mark.parametrize("server", PROVIDERS)
def test_what_others_write_is_read(server: str) -> None:
    """Words beside the standard are passed over, and each result comes out (RFC 8601 §2.2)."""
    field, authserv_id, results, (name, value) = PROVIDERS[server]
    found = parse(f"Authentication-Results: {field}\r\n".encode(), lenient=True)
    assert (authserv_id, results) == (
        found.authserv_id,
        " ".join(f"{one.method}={one.result}" for one in found.results),
    )
    stated = [dict(one.properties) for one in found.results if one.properties]
    assert value == (stated[-1][name] if stated else "")


@pytest.mark.parametrize("server", PROVIDERS)
def test_what_was_read_can_be_written(server: str) -> None:
    """A field written anew says the same to a strict reader, once its server has a name."""
    read = parse(PROVIDERS[server][0], lenient=True)
    named = AuthenticationResults(read.authserv_id or "mx.test", read.version, read.results)
    assert named == parse(named.to_field())
