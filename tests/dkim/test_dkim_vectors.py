"""The examples of the standards, typed in."""

from scop.dkim import DkimResult, DkimWord, verify
from scop.dns import TXT, StaticNames, run

NOW = 1_600_000_000

MAIL = (
    b"From: Joe SixPack <joe@football.example.com>\r\n"
    b"To: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    b"\r\n"
    b"Hi.\r\n"
    b"\r\n"
    b"We lost the game.%sAre you hungry yet?\r\n"
    b"\r\n"
    b"Joe.\r\n"
)

# RFC 8463 Appendix A.3
TWO_SIGNATURES = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    b" subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    b" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    b" date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    b" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    b" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
) + MAIL % b"  "

# RFC 8463 Appendix A.2
FOOTBALL_KEYS = StaticNames(
    {
        ("brisbane._domainkey.football.example.com", "TXT"): [
            TXT((b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",))
        ],
        ("test._domainkey.football.example.com", "TXT"): [
            TXT(
                (
                    b"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR",
                    b"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACD",
                    b"fzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip",
                    b"3G+2kryOTIKT+l/K4w3QIDAQAB",
                )
            )
        ],
    }
)

# RFC 6376 Appendix A.2, simple/simple
ONE_SIGNATURE = (
    b"DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
    b"      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
    b"      h=Received : From : To : Subject : Date : Message-ID;\r\n"
    b"      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b"      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
    b"      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
    b"      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
    b"      4bmp/YzhwvcubU4=;\r\n"
    b"Received: from client1.football.example.com  [192.0.2.1]\r\n"
    b"      by submitserver.example.com with SUBMISSION;\r\n"
    b"      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
) + MAIL % b" "

# RFC 6376 Appendix C
EXAMPLE_KEYS = StaticNames(
    {
        ("brisbane._domainkey.example.com", "TXT"): [
            TXT(
                (
                    b"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ",
                    b"DwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt",
                    b"IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7",
                    b"od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfV",
                    b"jH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYck",
                    b"cQ2QIDAQAB",
                )
            )
        ]
    }
)


def test_vectors_rfc8463_both_signatures_pass() -> None:
    """RFC 8463 Appendix A: Ed25519 and RSA on the same mail, relaxed/relaxed."""
    expected = tuple(
        DkimResult(
            DkimWord.PASS,
            domain="football.example.com",
            selector=selector,
            identity="@football.example.com",
            algorithm=algorithm,
            signature_start=start,
        )
        for selector, algorithm, start in (
            ("brisbane", "ed25519-sha256", "/gCrinpc"),
            ("test", "rsa-sha256", "F45dVWDf"),
        )
    )
    assert expected == run(verify(TWO_SIGNATURES, now=NOW), FOOTBALL_KEYS)


def test_vectors_rfc6376_signature_passes() -> None:
    """RFC 6376 Appendix A.2: RSA, simple/simple, i= in a subdomain of d=."""
    (result,) = run(verify(ONE_SIGNATURE, now=NOW), EXAMPLE_KEYS)
    assert (DkimWord.PASS, "example.com", "joe@football.example.com") == (result.result, result.domain, result.identity)


def test_vectors_simple_forgives_no_space_and_relaxed_does() -> None:
    """The same change of white space in the body spoils one seal and not the other."""
    (simple,) = run(verify(ONE_SIGNATURE.replace(b"game. ", b"game.  "), now=NOW), EXAMPLE_KEYS)
    relaxed = run(verify(TWO_SIGNATURES.replace(b"game.  ", b"game. "), now=NOW), FOOTBALL_KEYS)
    assert ["fail", "pass", "pass"] == [result.result for result in (simple, *relaxed)]
