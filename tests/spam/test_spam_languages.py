"""Mail in several languages at once: each is told apart by its own words, and an unknown one is not guessed at."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest

from scop.spam import Classifier, Label

HAM = {
    "ru": (
        "Привет, завтра встреча в десять",
        "Посмотри отчёт за октябрь",
        "Спасибо за фото с дачи",
        "Купи хлеб и молоко",
    ),
    "zh": ("明天上午十点在会议室开会", "附件是十月份的财务报告", "谢谢你发来的旅行照片", "记得买去北京的火车票"),
    "de": ("Die Sitzung beginnt morgen um neun", "Anbei das Protokoll", "Danke für die Bilder", "Oma hat Geburtstag"),
    "es": ("La reunión es mañana a las diez", "Te mando el informe", "Gracias por las fotos", "Compra pan y leche"),
}
SPAM = {
    "ru": (
        "Заработай миллион сейчас",
        "Дешёвые таблетки без рецепта",
        "Вы выиграли приз",
        "Казино бонус за регистрацию",
    ),
    "zh": ("在家轻松赚钱马上加入", "代开发票优惠联系手机", "恭喜您中奖请先支付手续费", "网上赌场注册送奖金"),
    "de": (
        "Verdienen Sie sofort tausend Euro",
        "Billige Pillen ohne Rezept",
        "Sie haben gewonnen",
        "Gratis Bonus im Casino",
    ),
    "es": (
        "Gane mil euros desde casa",
        "Pastillas baratas sin receta",
        "Ha ganado un premio",
        "Bono gratis del casino",
    ),
}


def mails(sentences: tuple[str, ...]) -> Iterator[bytes]:
    """Yield a mail of each two and each three of the sentences."""
    head = "From: a@b.test\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    for size in (2, 3):
        for chosen in combinations(sentences, size):
            yield (head + ".\r\n".join(chosen)).encode()


@pytest.fixture(scope="module")
def taught() -> Classifier:
    """Return a classifier that knows half of the mails of all but one language."""
    classifier = Classifier()
    for language in ("ru", "zh", "de"):
        for ham, spam in list(zip(mails(HAM[language]), mails(SPAM[language]), strict=True))[::2]:
            classifier.learn(ham, Label.HAM)
            classifier.learn(spam, Label.SPAM)
    return classifier


@pytest.mark.parametrize("language", ["ru", "zh", "de"])
def test_languages_that_were_taught_are_told_apart(taught: Classifier, language: str) -> None:
    """The other half of their spam outscores their ham by three tenths, and none is called the other."""
    ham, spam = ([taught.classify(mail) for mail in list(mails(kind[language]))[1::2]] for kind in (HAM, SPAM))
    assert max(verdict.score for verdict in ham) + 0.3 < min(verdict.score for verdict in spam)
    assert (Label.SPAM in {one.label for one in ham}, Label.HAM in {one.label for one in spam}) == (False, False)


def test_language_that_was_not_taught_is_unsure(taught: Classifier) -> None:
    """Nothing is known of either kind, so nothing is said."""
    assert {Label.UNSURE} == {taught.classify(mail).label for mail in (*mails(HAM["es"]), *mails(SPAM["es"]))}
