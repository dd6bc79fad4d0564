"""The demo's last page: a journey, a header, the attacks, a table."""

from __future__ import annotations

from scop.cli.demo.results import Results
from scop.cli.demo.sorting import Sorting
from scop.cli.dmarc.reports_shown import print_senders
from scop.cli.shared import console, print_table
from scop.cli.trace import print_journey

__all__ = ["show"]

SHOWN_EXCEPTIONS = 12


def show(results: Results) -> None:
    """Print what came out."""
    _show_one_mail(results)
    console.rule("attacks that must fail", align="left")
    print_table(
        ("it", "attack", "answer"),
        [("failed" if attack.failed else "SUCCEEDED", attack.name, attack.answer) for attack in results.attacks],
    )
    _show_sorting(results.sorting)
    _show_rotation(results)
    _show_siege(results)
    if results.senders is not None:
        console.rule("who sends as lagoon.test, as harbor reports it", align="left")
        print_senders(results.senders, what="lagoon.test")
    _show_exceptions("passed over, no mail", [(item.name, item.reason) for item in results.passed_over])
    _show_exceptions("refused at submission", [(o.mail.name, f"{o.code} {o.text}") for o in results.refused])
    _show_exceptions("refused by harbor", list(results.refused_by_harbor.items()))
    _show_exceptions("not as submitted", list(results.changed.items()))
    console.rule("the table", align="left")
    counts = results.counts()
    row = [*(str(count) for count in counts.values()), f"{results.seconds:.1f}"]
    print_table((*counts, "seconds"), [row])
    verdict = "[green]every line came out as it must[/green]" if results.right else "[red]not as it must be[/red]"
    console.print(verdict)


def _show_sorting(sorting: Sorting | None) -> None:
    if sorting is None:
        return
    console.rule("spam and malware from a newcomer", align="left")
    rows = [
        (landed.subject, landed.label, landed.folder, said)
        for landed, said in (
            (sorting.spam, "as the small training set has it"),
            (sorting.newsletter, "looks like spam too; bob wants it, and moves it out"),
            (sorting.next_issue, "the next issue: to bob it is none, after that one move"),
            (sorting.malware, sorting.malware.warning),
        )
    ]
    print_table(("mail", "called by the filter", "filed in", "why"), rows)


def _show_rotation(results: Results) -> None:
    before, letter = results.rotation
    if letter is None:
        return
    console.rule("keys renewed meanwhile", align="left")
    console.print(f"{', '.join(before)} sealed until {', '.join(letter.selectors)} took over: ", markup=False, end="")
    console.print(f"{'verified' if letter.sealed else 'NOT VERIFIED'}, as every mail was before", markup=False)


def _show_siege(results: Results) -> None:
    siege = results.siege
    if siege is None:
        return
    console.rule("a forger who goes on", align="left")
    console.print(
        f"{siege.forged_mails} forged mails refused one by one; then, at connect: {siege.answer}", markup=False
    )
    console.print(f"let in again after {siege.seconds} s" if siege.seconds else "never let in again", markup=False)


def _show_one_mail(results: Results) -> None:
    if not results.journey:
        return
    console.rule("one mail's journey", align="left")
    print_journey(results.journey)
    stored = results.stored.get(results.accepted[0].trace)
    if stored is not None:
        console.rule("its stored header", align="left")
        console.print(stored.header, markup=False, soft_wrap=True)


def _show_exceptions(title: str, pairs: list[tuple[str, str]]) -> None:
    if not pairs:
        return
    console.rule(f"{title}: {len(pairs)}", align="left")
    print_table(("mail", "why"), pairs[:SHOWN_EXCEPTIONS])
    if len(pairs) > SHOWN_EXCEPTIONS:
        console.print(f"… and {len(pairs) - SHOWN_EXCEPTIONS} more; --json names them all")
