"""Aggregate reports read: what must be there, what is noted, and where the bounds lie."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scop.base import LimitExceeded, RemoteProtocolError
from scop.reports import Limits, Override, ReportedSpfCheck, parse_aggregate, parse_report
from scop.reports.aggregate_words import OverrideType, ReportedSpf, SpfScope

RECORD = """
 <record>
  <row><source_ip>2001:DB8::1</source_ip><count>2</count>
   <policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>pass</spf></policy_evaluated></row>
  <identifiers><header_from>example.com</header_from><envelope_from/></identifiers>
  <auth_results><spf><domain>example.com</domain><result>pass</result></spf></auth_results>
 </record>"""
REPORT = f"""<?xml version="1.0"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
 <version>1.0</version>
 <report_metadata><org_name>A</org_name><email>a@a.test</email><report_id>1</report_id>
  <date_range><begin>10</begin><end>20</end></date_range></report_metadata>
 <policy_published><domain>example.com</domain><p>none</p></policy_published>{RECORD}
</feedback>"""


def read_with(old: str, new: str, *, lenient: bool = False) -> tuple[str, ...]:
    """Return the defects of the report in which `old` is `new`."""
    assert REPORT.count(old) == 1
    return parse_aggregate(REPORT.replace(old, new).encode(), lenient=lenient).defects


def test_a_report_without_defects() -> None:
    """RFC 9990 §3.1.1: addresses in their usual form, the null reverse path apart from none."""
    report = parse_aggregate(REPORT.encode())
    record = report.records[0]
    assert ("2001:db8::1", 2, "", None) == (record.source_ip, record.count, record.envelope_from, record.envelope_to)
    assert (True, (), 2) == (record.is_aligned, report.defects, report.count)


NOTED = {
    "no id": ("<report_id>1</report_id>", "", "report_metadata has no report_id"),
    "no address": ("<email>a@a.test</email>", "<email> </email>", "report_metadata has no email"),
    "ends first": ("<end>20</end>", "<end>9</end>", "its span of time ends before it begins"),
    "empty policy": ("<p>none</p>", "<p>none</p><sp></sp>", "policy_published/sp is empty"),
    "unknown element": ("<p>none</p>", "<p>none</p><x>1</x>", "policy_published has an unknown element 'x'"),
    "unknown at the top": ("<version>1.0</version>", "<vendor/>", "feedback has an unknown element 'vendor'"),
    "no author domain": ("<header_from>example.com</header_from>", "", "identifiers has no header_from"),
    "no results": (RECORD[RECORD.index("<auth") : RECORD.index("\n </record>")], "", "a record has no auth_results"),
    "version": ("<version>1.0</version>", "<version>2</version>", "version is '2', not '1.0'"),
    "stray text": ("<row>", "<row>text", "row holds the text 'text'"),
    "no record": (RECORD, "", "it has no record"),
}


@pytest.mark.parametrize("name", NOTED)
def test_what_changes_no_meaning_is_noted(name: str) -> None:
    """A report that departs from the schema without leaving a doubt is read, and says how it departs."""
    old, new, sentence = NOTED[name]
    assert (sentence,) == read_with(old, new)


def test_only_the_root_may_be_qualified() -> None:
    """RFC 7489 appendix C: its schema leaves the elements in the root unqualified, and some writers keep to it."""
    old = REPORT.replace('feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"', 'n:feedback xmlns:n="urn:old"')
    reset = REPORT.replace("<report_metadata>", '<report_metadata xmlns="">')
    report = parse_aggregate(REPORT.encode())
    assert report == parse_aggregate(old.replace("</f", "</n:f").encode())
    assert report == parse_aggregate(reset.encode())


SILENT = {
    "extension": ("<version>1.0</version>", '<extension><e:a xmlns:e="urn:e"/></extension>'),
    "extension of a record": ("</auth_results>", '</auth_results><e:row xmlns:e="urn:e"><e:a/></e:row>'),
    "old policy": ("<p>none</p>", "<p>none</p><pct>50</pct><fo>1</fo>"),
    "no version": ("<version>1.0</version>", ""),
    "language": ("<email>a@a.test</email>", '<email>a@a.test</email><error lang="de">x</error><error>y</error>'),
}


@pytest.mark.parametrize("name", SILENT)
def test_both_forms_and_their_extensions_have_no_defect(name: str) -> None:
    """RFC 9990 §5 and RFC 7489 appendix C: extensions are passed over, and the old form is a form."""
    assert () == read_with(*SILENT[name])


REFUSED = {
    "no metadata": ("<report_metadata>", "<x>", "where 'x' is open"),
    "no domain": ("<domain>example.com</domain><p>", "<p>", "policy_published has no domain"),
    "empty domain": ("<domain>example.com</domain><p>", "<domain/><p>", "policy_published/domain is empty"),
    "no policy": ("<p>none</p>", "", "policy_published has no p"),
    "unknown policy": (
        "<p>none</p>",
        "<p>monitor</p>",
        "policy_published/p is 'monitor', none of none, quarantine, reject",
    ),
    "two policies": ("<p>none</p>", "<p>none</p><p>reject</p>", "policy_published has p twice"),
    "no count": ("<count>2</count>", "", "row has no count"),
    "two counts": ("<count>2</count>", "<count>2</count><count>3</count>", "row has count twice"),
    "no number": ("<count>2</count>", "<count>-2</count>", "row/count is '-2', no number"),
    "huge number": ("<count>2</count>", f"<count>{2**53}</count>", "no number from 0 to 9007199254740991"),
    "endless number": ("<count>2</count>", f"<count>{'9' * 5000}</count>", "no number from 0"),
    "no address": (
        "<source_ip>2001:DB8::1</source_ip>",
        "<source_ip>a.test</source_ip>",
        "source_ip is 'a.test', no address",
    ),
    "zone": ("2001:DB8::1", "fe80::1%eth0", "no address"),
    "alignment": ("<dkim>fail</dkim>", "<dkim>none</dkim>", "policy_evaluated/dkim is 'none', none of pass, fail"),
    "no alignment": ("<dkim>fail</dkim>", "", "policy_evaluated has no dkim"),
    "disposition": ("<disposition>none</disposition>", "<disposition/>", "policy_evaluated/disposition is empty"),
    "no time": ("<begin>10</begin>", "<begin>2024-01-01</begin>", "begin is '2024-01-01', no number"),
    "metadata twice": (
        "<version>1.0</version>",
        REPORT[REPORT.index("<report_m") : REPORT.index("\n <policy")],
        "twice",
    ),
    "no row": ("</row>", "</row><row/>", "record has row twice"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_leaves_a_doubt_is_refused(name: str) -> None:
    """RFC 9990 §3.1.1: who sent how much and how it was judged must be there, once, in the words of the schema."""
    old, new, sentence = REFUSED[name]
    with pytest.raises(RemoteProtocolError) as caught:
        read_with(old, new)
    assert sentence in str(caught.value)


def test_a_lenient_reader_still_knows_no_other_words() -> None:
    """What is not the word in other letters is no word of the schema."""
    assert ("policy_published/p is 'NONE'",) == read_with("<p>none</p>", "<p>NONE</p>", lenient=True)
    with pytest.raises(RemoteProtocolError, match="'monitor'"):
        read_with("<p>none</p>", "<p>Monitor</p>".lower(), lenient=True)


def test_the_old_form_has_words_of_its_own() -> None:
    """RFC 7489 appendix C: two more overrides, SPF of HELO beside that of MAIL FROM, a reason without a type."""
    changed = REPORT.replace(
        "<spf>pass</spf></policy_evaluated>",
        "<spf>pass</spf><reason><type>sampled_out</type></reason><reason><comment>why</comment></reason>"
        "</policy_evaluated>",
    ).replace(
        "</auth_results>",
        "<spf><domain>mx.a.test</domain><scope>helo</scope><result>none</result></spf></auth_results>",
    )
    record = parse_aggregate(changed.encode()).records[0]
    assert (Override(OverrideType.SAMPLED_OUT), Override(OverrideType.OTHER, "why")) == record.overrides
    assert ReportedSpfCheck("mx.a.test", ReportedSpf.NONE, SpfScope.HELO) == record.spf[1]


def test_the_bounds_hold_at_their_limits() -> None:
    """Octets, records and characters: as many as the limit are read, one more is not."""
    octets = REPORT.encode()
    limits = Limits(octets=len(octets), records=1, others=3, text_characters=11)
    assert 2 == parse_aggregate(octets, limits=limits).count
    for limits, sentence in (
        (Limits(octets=len(octets) - 1), "octets of a report"),
        (Limits(records=0), "records"),
        (Limits(others=2), "elements beside the records"),
        (Limits(text_characters=10), "characters of domain"),
    ):
        with pytest.raises(LimitExceeded, match=sentence):
            parse_aggregate(octets, limits=limits)


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32))
def test_only_faults_of_the_sender_escape(seed: int) -> None:
    """Whatever arrives, the readers return a report or raise `RemoteProtocolError`."""
    chance = random.Random(seed)
    octets = bytearray(REPORT.encode())
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(octets))
        octets[at : at + chance.randrange(9)] = chance.choice((b"", b"<", b">", b"&", b"9", b"\xff", b"<a>", b"</row>"))
    for lenient in (False, True):
        with contextlib.suppress(RemoteProtocolError):
            assert parse_report(bytes(octets), lenient=lenient) == parse_report(bytes(octets), lenient=lenient)


@settings(max_examples=60)
@given(
    octets=st.binary(max_size=60),
    head=st.sampled_from([b"", b"<", b"{", b"PK\x03\x04", b"\x1f\x8b\x08", b"A: b\r\n\r\n"]),
)
def test_no_octets_do_harm(octets: bytes, head: bytes) -> None:
    """Whatever arrives, `parse_report` returns a report or raises `RemoteProtocolError`."""
    with contextlib.suppress(RemoteProtocolError):
        parse_report(head + octets, lenient=True)
