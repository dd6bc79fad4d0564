"""What a response says to a question."""

from scop.dns import CNAME, SOA, A, Answer, Question, Rcode, Security
from scop.dns.chain import answer_of, follow_aliases, negative_ttl
from scop.dns.message import Flag, Message, Record

QUESTION = Question("www.test", "A")
ALIAS = Record("www.test", 50, CNAME("web.test"))
HOST = Record("web.test", 60, A("192.0.2.1"))
START = Record("test", 300, SOA("ns.test", "hostmaster.test", 1, 2, 3, 4, 30))


def test_dns_chain_follows_aliases_in_any_order() -> None:
    """The records stand at the end of the chain and hold as long as its shortest link."""
    chain = follow_aliases(QUESTION, (HOST, ALIAS))
    assert ("web.test", (ALIAS,), (HOST,), 50) == (*chain, chain.ttl_seconds)


def test_dns_chain_of_a_loop_or_too_many_aliases_ends() -> None:
    """Sixteen links are followed; a name met again ends the chain."""
    assert () == follow_aliases(QUESTION, (ALIAS, Record("web.test", 5, CNAME("www.test")))).records
    links = tuple(Record(f"{n}.test", 60, CNAME(f"{n + 1}.test")) for n in range(18))
    for last, found in ((16, 1), (17, 0)):
        records = (*links, Record(f"{last}.test", 60, A("192.0.2.1")))
        records = tuple(record for record in records if not (record.name == f"{last}.test" and record.type == "CNAME"))
        assert found == len(follow_aliases(Question("0.test", "A"), records).records)


def test_dns_answer_of_a_response_with_records() -> None:
    """AD makes it secure."""
    message = Message(1, question=QUESTION, answers=(ALIAS, HOST))
    expected = Answer(QUESTION, Rcode.NOERROR, (HOST.rdata,), 50, Security.INSECURE, "web.test")
    assert expected == answer_of(QUESTION, message)
    assert Security.SECURE is answer_of(QUESTION, message._replace(flags=Flag.AUTHENTIC_DATA)).security


def test_dns_answer_of_a_negative_response_holds_as_long_as_its_soa_says() -> None:
    """RFC 2308 §5: the lesser of the SOA's TTL and its minimum; without SOA not at all."""
    gone = Message(1, rcode=Rcode.NXDOMAIN, authority=(START,))
    assert Answer(QUESTION, Rcode.NXDOMAIN, (), 30) == answer_of(QUESTION, gone)
    assert Answer(QUESTION, Rcode.NOERROR, (), 0) == answer_of(QUESTION, Message(1))
    assert 20 == negative_ttl((START._replace(ttl_seconds=20),))
    aliased = Message(1, rcode=Rcode.NXDOMAIN, answers=(ALIAS._replace(ttl_seconds=9),), authority=(START,))
    assert Answer(QUESTION, Rcode.NXDOMAIN, (), 9, canonical_name="web.test") == answer_of(QUESTION, aliased)


def test_dns_answer_of_a_failure_keeps_its_code() -> None:
    """Records beside SERVFAIL are not believed."""
    assert Answer(QUESTION, Rcode.SERVFAIL) == answer_of(QUESTION, Message(1, rcode=Rcode.SERVFAIL, answers=(HOST,)))
