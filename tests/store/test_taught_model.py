"""A spam model that people teach: durable, exact to take back, and the same after any end."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scop.spam import Classifier, Label, digest_of
from scop.store import StoreError
from scop.store import lesson_rows as rows
from scop.store.lesson_rows import ITSELF, Marks
from scop.store.model_file import put_in_place
from scop.store.spam_model import SpamModel, SpamModelOptions, WrongKey

SMALL = SpamModelOptions(person_lessons=5, fold_after=1_000_000)

# Teaches mails 0, 1, 2, … to a model that is folded now and then; each is printed once it is said to be learned.
CRASHING = """
import asyncio, itertools, sys
from pathlib import Path
from scop.store.spam_model import SpamModel, SpamModelOptions

async def main():
    model = SpamModel.open(Path(sys.argv[1]), SpamModelOptions(fold_after=int(sys.argv[3])))
    numbers = iter(range(int(sys.argv[2])))
    async def teach():
        for number in numbers:
            mail = b"Subject: mail %d\\r\\n\\r\\nword%d of thing%d\\r\\n" % (number, number % 50, number % 7)
            await model.learn(mail, "spam" if number % 2 else "ham", account=f"a{number % 5}")
            print(number, flush=True)
    await asyncio.gather(*(teach() for _ in range(16)))
    await asyncio.sleep(60)

asyncio.run(main())
"""


def mail(number: int) -> bytes:
    """Return the mail of that number, as `CRASHING` teaches it."""
    return b"Subject: mail %d\r\n\r\nword%d of thing%d\r\n" % (number, number % 50, number % 7)


def label(number: int) -> str:
    """Return what mail of that number is."""
    return "spam" if number % 2 else "ham"


def taught(*numbers: int, key: bytes) -> bytes:
    """Return the model that learned these mails and nothing else."""
    classifier = Classifier(key)
    for number in numbers:
        classifier.learn(mail(number), label(number))
    return classifier.save()


def same(one: bytes, other: bytes) -> bool:
    """Say whether two models have counted the same mails and the same words.

    The learned weights are another matter: they depend on the order in which lessons were made.
    """
    first, second = Classifier.load(one), Classifier.load(other)
    return all(getattr(first, what) == getattr(second, what) for what in ("ham_count", "spam_count", "token_count"))


async def sum_of_lessons(model: SpamModel) -> bytes:
    """Return the model that took the lessons that are on the disk, and nothing else."""
    classifier = Classifier(model.classifier.key)
    for lesson in await model._database.read(lambda sql: tuple(rows.lessons_since(sql, Marks(0, 0)))):
        classifier.take(lesson)
    return classifier.save()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the model lies."""
    return tmp_path / "model.spam"


@pytest.fixture
async def model(path: Path) -> AsyncIterator[SpamModel]:
    """Open an untrained model."""
    made = SpamModel.open(path, SMALL)
    yield made
    await made.close()


async def teach(model: SpamModel, *numbers: int, account: str = "") -> list[bool]:
    """Have mails learned as what they are."""
    return list(await asyncio.gather(*(model.learn(mail(one), label(one), account=account) for one in numbers)))


async def killed(model: SpamModel) -> None:
    """End a model as a kill does: what is not folded yet stays so."""
    await model._database.close()
    model._held.close()


async def test_model_keeps_what_it_learned(path: Path) -> None:
    """Whether it was folded or not, and over several lives."""
    for numbers in (range(20), range(20, 40), range(40, 60)):
        model = SpamModel.open(path, SMALL)
        assert [True] * 20 == await teach(model, *numbers)
        if 20 in numbers:
            await model.fold()
            await teach(model, 60)
        await killed(model)
    model = SpamModel.open(path, SMALL)
    assert same(taught(*range(61), key=model.classifier.key), model.classifier.save())
    await model.close()


async def test_model_learns_a_mail_once(model: SpamModel) -> None:
    """A lesson that is told again changes nothing; another word on the same mail takes the place of the first."""
    assert [True, False, True] == [
        await model.learn(mail(0), Label.HAM, account="alice"),
        await model.learn(mail(0), Label.HAM, account="alice"),
        await model.learn(mail(0), Label.SPAM, account="alice"),
    ]
    assert (0, 1) == (model.classifier.ham_count, model.classifier.spam_count)
    await model.learn(mail(0), Label.SPAM, account="bob")
    assert (0, 2) == (model.classifier.ham_count, model.classifier.spam_count)


async def test_model_the_same_mail_at_once_is_learned_once(model: SpamModel) -> None:
    """Whoever is told so twice in one moment, as by a retry."""
    assert [False, False, True] == sorted(await teach(model, 0, 0, 0, account="alice"))
    assert (1, 0) == (model.classifier.ham_count, model.classifier.spam_count)


async def test_model_forgets_a_person_exactly(path: Path) -> None:
    """As if that person had never taught, folded or not, and after a restart; others stay."""
    model = SpamModel.open(path, SMALL)
    await teach(model, *range(30))
    before = model.classifier.save()
    await teach(model, *range(30, 33), account="alice")
    await model.fold()
    await teach(model, 33, 34, account="alice")
    await teach(model, 35, account="bob")
    assert 1 == await model.forget("bob")
    assert 5 == await model.forget("alice")
    assert 0 == await model.forget("alice")
    assert before == model.classifier.save()
    await killed(model)
    model = SpamModel.open(path, SMALL)
    assert before == model.classifier.save()
    await model.close()


async def test_model_takes_one_mail_back(model: SpamModel) -> None:
    """By what names it; what was never said cannot be taken back."""
    await teach(model, *range(20))
    before = model.classifier.save()
    await teach(model, 20, account="alice")
    found = [await model.take_back(digest_of(mail(20)), account=account) for account in ("bob", "alice", "alice")]
    assert ([False, True, False], before) == (found, model.classifier.save())


async def test_model_counts_the_last_lessons_of_a_person(model: SpamModel) -> None:
    """Nobody's word outgrows all others': the oldest goes for the newest, and can be taught again."""
    await teach(model, *range(20))
    for number in range(20, 27):
        await teach(model, number, account="alice")
    assert (5, 25) == ((await model.counted("alice")).all, model.classifier.ham_count + model.classifier.spam_count)
    assert [True] == await teach(model, 20, account="alice")


async def test_model_trained_lessons_are_in_it_for_good_after_many(path: Path) -> None:
    """Training on a hundred thousand mails fills no disk; all are known, and only the last can be unlearned."""
    model = SpamModel.open(path, SpamModelOptions(trainer_lessons=5))
    await teach(model, *range(10))
    assert await model.take_back(digest_of(mail(0)))  # no file holds it yet
    await model.fold()
    await teach(model, *range(10, 20))
    before = model.classifier.save()
    assert [False] * 19 == await teach(model, *range(1, 20))
    assert [False, True] == [await model.take_back(digest_of(mail(number))) for number in (5, 19)]
    await teach(model, 19)
    assert same(before, model.classifier.save())
    await killed(model)
    model = SpamModel.open(path)
    assert same(before, model.classifier.save())
    assert await model.learn(mail(5), Label.HAM)  # which was spam: both words count
    assert (10, 10) == (model.classifier.ham_count, model.classifier.spam_count)
    await model.close()


async def test_model_a_persons_word_is_worth_more_than_its_own(model: SpamModel) -> None:
    """What it taught itself of a mail goes when somebody speaks, and it teaches itself nothing of such a mail."""
    await model.learn(mail(0), Label.SPAM, account=ITSELF)
    await model.learn(mail(0), Label.HAM, account="alice")
    assert not await model.learn(mail(0), Label.SPAM, account=ITSELF)
    assert (1, 0) == (model.classifier.ham_count, model.classifier.spam_count)
    assert (1, 1) == ((await model.people())[0], (await model.people())[1].all)


async def test_model_one_person_alone_changes_little_for_all(path: Path) -> None:
    """A word repeated at once is one word, several people's is more; the own view follows the first."""
    trained = Classifier()
    for number in range(200):
        trained.learn(b"Subject: x\r\n\r\n%s c%d\r\n" % (label(number).encode() * 3, number), label(number))
    path.write_bytes(trained.save())
    model = SpamModel.open(path)
    copies = [b"Subject: x\r\n\r\n%s c%d\r\n" % (b"spam" * 3, number) for number in range(1000, 1020)]

    def called() -> float:
        return model.classifier.classify(copies[0]).score

    before = called()
    await asyncio.gather(*(model.learn(copy, Label.HAM, account="eve") for copy in copies[1:16]))
    assert before - called() < 0.01
    assert model.classifier.classify_for(copies[0], await model.leanings("eve")).score < 0.1
    for who, copy in zip(("bob", "cid", "dan", "fay"), copies[16:], strict=True):
        await model.learn(copy, Label.HAM, account=who)
    assert before - called() > 0.3
    await model.close()


async def sees_differently(model: SpamModel, account: str) -> bool:
    """Say whether an account's own view of a mail is another than the common one."""
    own = model.classifier.classify_for(mail(1), await model.leanings(account))
    return own.score != model.classifier.classify(mail(1)).score


async def test_model_own_view_follows_each_lesson(model: SpamModel) -> None:
    """Who taught nothing has the common one, exactly."""
    await teach(model, 0, 2, 3)
    assert [False, False] == [await sees_differently(model, who) for who in ("alice", "bob")]
    await model.learn(mail(1), Label.HAM, account="alice")
    assert [True, False] == [await sees_differently(model, who) for who in ("alice", "bob")]
    await model.forget("alice")
    assert not await sees_differently(model, "alice")


async def test_model_lessons_go_on_while_it_is_folded(path: Path) -> None:
    """Folds in the midst of many lessons, some of which are taken back: nothing is missing after it, or double."""
    model = SpamModel.open(path, SpamModelOptions(fold_after=7))
    await teach(model, *range(40), account="alice")
    await asyncio.gather(
        teach(model, *range(40, 60), account="bob"),
        model.forget("alice"),
        model.fold(),
        teach(model, *range(60, 80), account="carol"),
    )
    expected = await sum_of_lessons(model)
    assert (40, expected) == ((await model.people())[1].all, model.classifier.save())
    await model.close()
    assert expected == path.read_bytes()
    model = SpamModel.open(path)
    assert expected == model.classifier.save()
    await model.close()


async def test_model_that_is_installed_keeps_peoples_lessons(path: Path) -> None:
    """What the one before was trained with goes, what people taught stays, also after a restart."""
    model = SpamModel.open(path, SMALL)
    await teach(model, *range(20))
    await teach(model, 20, 21, account="alice")
    await model.install(taught(*range(30, 50), key=model.classifier.key))
    expected = taught(*range(30, 50), 20, 21, key=model.classifier.key)
    assert same(expected, model.classifier.save())
    assert [True] == await teach(model, 0)
    await model.take_back(digest_of(mail(0)))
    await killed(model)
    model = SpamModel.open(path, SMALL)
    assert same(expected, model.classifier.save())
    await model.close()


async def test_model_with_another_key_is_installed_only_where_nobody_taught(path: Path) -> None:
    """Lessons made with one key say nothing to a model with another: that is refused, and all stays."""
    model = SpamModel.open(path, SMALL)
    await teach(model, 0)
    foreign = taught(*range(30, 50), key=b"another key 0123")
    await model.install(foreign)
    assert foreign == model.classifier.save()
    await teach(model, 1, account="alice")
    with pytest.raises(WrongKey, match="1 lessons"):
        await model.install(taught(2, key=b"a third key 0123"))
    assert 21 == model.classifier.ham_count + model.classifier.spam_count
    await model.close()
    path.write_bytes(taught(2, key=b"a third key 0123"))
    with pytest.raises(WrongKey, match="beside it"):
        SpamModel.open(path, SMALL)


async def test_model_that_cannot_be_installed_leaves_all_as_it_was(path: Path) -> None:
    """The disk is full when it is written: what was trained before is known, and can be unlearned."""
    model = SpamModel.open(path, SMALL)
    await teach(model, *range(20))
    blocked = path.with_name("model.spam.new")
    blocked.mkdir()
    before = model.classifier.save()
    with pytest.raises(IsADirectoryError):
        await model.install(taught(*range(30, 50), key=b"another key 0123"))
    blocked.rmdir()
    assert [False] * 20 == await teach(model, *range(20))
    await killed(model)
    model = SpamModel.open(path, SMALL)
    assert before == model.classifier.save()
    await model.close()


@pytest.mark.parametrize("is_in_place", [False, True])
async def test_model_whose_install_is_killed_is_the_old_or_the_new_one(
    path: Path, monkeypatch: pytest.MonkeyPatch, is_in_place: bool
) -> None:
    """In the moment about its file is replaced: what is known as learned is what the model has learned."""
    model = SpamModel.open(path, SMALL)
    await teach(model, *range(20))
    fresh = taught(*range(30, 50), key=b"another key 0123")

    def killing(place: Path) -> None:
        if is_in_place:
            put_in_place(place)
        raise OSError("killed")

    monkeypatch.setattr("scop.store.spam_model.put_in_place", killing)
    with pytest.raises(OSError, match="killed"):
        await model.install(fresh)
    monkeypatch.undo()
    await killed(model)
    model = SpamModel.open(path, SMALL)
    assert [is_in_place] * 20 == await teach(model, *range(20))
    assert (40 if is_in_place else 20) == model.classifier.ham_count + model.classifier.spam_count
    await model.close()


async def test_model_from_elsewhere_gets_the_lessons_on_top(path: Path) -> None:
    """A file that somebody put in the place of ours, and one that somebody took away."""
    model = SpamModel.open(path, SMALL)
    await teach(model, 0, 1, account="alice")
    key = model.classifier.key
    await model.close()
    path.write_bytes(taught(*range(30, 50), key=key))
    model = SpamModel.open(path, SMALL)
    assert same(taught(0, 1, *range(30, 50), key=key), model.classifier.save())
    await model.close()
    path.unlink()
    model = SpamModel.open(path, SMALL)
    assert same(taught(0, 1, key=key), model.classifier.save())
    await model.close()


async def test_model_and_its_lessons_are_its_owners_alone(path: Path, model: SpamModel) -> None:
    """They tell what words people write, to who has them all."""
    await teach(model, 0)
    await model.fold()
    assert {0o600} == {file.stat().st_mode & 0o777 for file in path.parent.glob("model.spam*")}


async def test_model_is_taught_by_one_process_at_a_time(path: Path, model: SpamModel) -> None:
    """The other would put a model in its place that has not learned the same."""
    with pytest.raises(StoreError, match=r"model\.spam\.lessons open: one at a time"):
        SpamModel.open(path)
    assert [True] == await teach(model, 0)


@pytest.mark.parametrize("octets", [b"", b"x", b"SCoP spam model 1\n\x93\x00\x00\x80"])
def test_model_file_that_is_none_says_what_to_do(path: Path, octets: bytes) -> None:
    """Silence would look like a trained filter: an empty file, garbage, and what an older release wrote."""
    path.write_bytes(octets)
    with pytest.raises(ValueError, match=r"model\.spam: .*train one anew"):
        SpamModel.open(path)


async def test_model_on_a_full_disk_learns_nothing_and_goes_on(path: Path) -> None:
    """A lesson that is not on the disk is not in the memory either; and later ones are taken."""
    model = SpamModel.open(path, SMALL)
    await model._database.write(lambda sql: sql.execute("PRAGMA max_page_count = 1"))
    lessons = (model.learn(mail(number), label(number), account="") for number in range(80))
    found = await asyncio.gather(*lessons, return_exceptions=True)
    learned = [number for number, one in enumerate(found) if one is True]
    assert sqlite3.OperationalError in set(map(type, found))
    assert len(learned) == model.classifier.ham_count + model.classifier.spam_count
    await model._database.write(lambda sql: sql.execute("PRAGMA max_page_count = 100000"))
    await teach(model, 200)
    expected = taught(*learned, 200, key=model.classifier.key)
    assert same(expected, model.classifier.save())
    await killed(model)
    model = SpamModel.open(path)
    assert same(expected, model.classifier.save())
    await model.close()


async def test_model_a_fold_that_fails_loses_nothing(tmp_path: Path) -> None:
    """The lessons are on the disk without it; whoever listens is told, and the next fold is tried later."""
    faults: list[OSError | sqlite3.Error] = []
    path = tmp_path / "gone" / "model.spam"
    path.parent.mkdir()
    model = SpamModel.open(path, SpamModelOptions(fold_after=5, on_fold_failed=faults.append))
    blocked = path.with_name("model.spam.new")
    blocked.mkdir()
    await teach(model, *range(10))
    await model.close()
    assert {IsADirectoryError} == {type(fault) for fault in faults}
    model = SpamModel.open(path)
    assert same(taught(*range(10), key=model.classifier.key), model.classifier.save())
    blocked.rmdir()
    await model.close()


async def acknowledged(path: Path, mails: int, fold_after: int, killed_after: int) -> set[int]:
    """Teach in another process, kill it after so many lessons were acknowledged; return all that were."""
    command = (sys.executable, "-c", CRASHING, str(path), str(mails), str(fold_after))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    said = [await process.stdout.readline() for _ in range(killed_after)]
    process.kill()
    said += (await process.stdout.read()).splitlines()
    assert -signal.SIGKILL == await process.wait()
    return {int(line) for line in said if line.strip()}


async def teach_as_before(model: SpamModel, numbers: set[int]) -> list[bool]:
    """Have mails learned as `CRASHING` does; return which are new."""
    lessons = (model.learn(mail(one), label(one), account=f"a{one % 5}") for one in sorted(numbers))
    return list(await asyncio.gather(*lessons))


async def test_model_what_was_acknowledged_survives_a_kill(path: Path) -> None:
    """SIGKILL in the midst of lessons and folds, again and again: it opens, nothing acknowledged is lost or double.

    `SCOP_KILL_MAILS` makes it more than the few dozen that are enough in each run.
    """
    mails = int(os.environ.get("SCOP_KILL_MAILS", "60"))
    for killed_after in (mails // 4, mails // 2):
        learned = await acknowledged(path, mails, mails // 12, killed_after)
        model = SpamModel.open(path, SpamModelOptions(fold_after=mails))
        counts = [(await model.counted(f"a{number}")).all for number in range(5)]
        assert len(learned) <= sum(counts) == model.classifier.ham_count + model.classifier.spam_count
        assert {False} == set(await teach_as_before(model, learned))
        await killed(model)
    model = SpamModel.open(path)
    await teach_as_before(model, set(range(mails)))
    assert (mails, await sum_of_lessons(model)) == ((await model.people())[1].all, model.classifier.save())
    await model.close()
