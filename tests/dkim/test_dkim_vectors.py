"""The examples of the standards, typed in."""

import base64

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from scop.dkim import DkimResult, DkimWord, SigningKey, canonical_body, canonical_header, parse_signature, verify
from scop.dkim.header import split_message
from scop.dkim.verify import SealedMail
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

# RFC 6376 Appendix C, the private half
EXAMPLE_PRIVATE_KEY = """
    MIICXwIBAAKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFC
    jxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gb
    to/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB
    AoGBALmn+XwWk7akvkUlqb+dOxyLB9i5VBVfje89Teolwc9YJT36BGN/l4e0l6QX
    /1//6DWUTB3KI6wFcm7TWJcxbS0tcKZX7FsJvUz1SbQnkS54DJck1EZO/BLa5ckJ
    gAYIaqlA9C0ZwM6i58lLlPadX/rtHb7pWzeNcZHjKrjM461ZAkEA+itss2nRlmyO
    n1/5yDyCluST4dQfO8kAB3toSEVc7DeFeDhnC1mZdjASZNvdHS4gbLIA1hUGEF9m
    3hKsGUMMPwJBAPW5v/U+AWTADFCS22t72NUurgzeAbzb1HWMqO4y4+9Hpjk5wvL/
    eVYizyuce3/fGke7aRYw/ADKygMJdW8H/OcCQQDz5OQb4j2QDpPZc0Nc4QlbvMsj
    7p7otWRO5xRa6SzXqqV3+F0VpqvDmshEBkoCydaYwc2o6WQ5EBmExeV8124XAkEA
    qZzGsIxVP+sEVRWZmW6KNFSdVUpk3qzK0Tz/WjQMe5z0UunY9Ax9/4PVhp/j61bf
    eAYXunajbBSOLlx4D+TunwJBANkPI5S9iylsbLs6NkaMHV6k5ioHBBmgCak95JGX
    GMot/L2x0IYyMLAz6oLWh2hm7zwtb0CgOrPo1ke44hFYnfc=
"""

# RFC 8463 Appendix A.1, the secret of "brisbane"
FOOTBALL_SECRET = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="

# RFC 6376 §3.4.5, with <SP> <HTAB> <CRLF> written out
CANONICAL_EXAMPLE = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"


def signed_again(mail: bytes, key: SigningKey) -> bytes:
    """Return what the topmost signature of a mail says, made once more with its private key."""
    sealed = SealedMail(*split_message(mail))
    signature = parse_signature(sealed.header.named(b"dkim-signature")[0])
    return key.sign(sealed.signed_octets(signature, b"dkim-signature", 0))


def test_vectors_rfc6376_is_signed_octet_for_octet() -> None:
    """RFC 6376 Appendix A.2 and C: the standard's key makes the standard's b=."""
    key = load_der_private_key(base64.b64decode("".join(EXAMPLE_PRIVATE_KEY.split())), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    expected = parse_signature(split_message(ONE_SIGNATURE)[0].named(b"dkim-signature")[0]).octets
    assert expected == signed_again(ONE_SIGNATURE, SigningKey("example.com", "brisbane", key))


def test_vectors_rfc8463_is_signed_octet_for_octet() -> None:
    """RFC 8463 Appendix A.1 and A.3: the standard's secret makes the standard's b=."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(base64.b64decode(FOOTBALL_SECRET))
    expected = parse_signature(split_message(TWO_SIGNATURES)[0].named(b"dkim-signature")[0]).octets
    assert expected == signed_again(TWO_SIGNATURES, SigningKey("football.example.com", "brisbane", key))


def test_vectors_rfc6376_canonical_forms() -> None:
    """RFC 6376 §3.4.5, all three examples: relaxed, simple, and a relaxed header over a simple body."""
    header, body = split_message(CANONICAL_EXAMPLE)
    forms = {form: (header.covered([b"a", b"b"], form), canonical_body(body, form)) for form in ("relaxed", "simple")}
    assert forms == {
        "relaxed": (b"a:X\r\nb:Y Z\r\n", b" C\r\nD E\r\n"),
        "simple": (b"A: X\r\nB : Y\t\r\n\tZ  \r\n", b" C \r\nD \t E\r\n"),
    }
    assert b"b:Y Z\r\n" == canonical_header(b"B : Y\t\r\n\tZ  \r\n", "relaxed")


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
