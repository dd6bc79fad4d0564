"""Push rules: which rule decides about an event, and what it wants."""

from __future__ import annotations

import re
from time import perf_counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.shared import shared_path
from scop.matrix.globs import glob_matcher, word_matcher
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.push_rules import Circumstances, PushRules, default_push_rules, notifies, tweaks_of
from scop.matrix.push_rules.paths import ABSENT, parse_path, property_at

_ME = "@ann:sea.test"
_ROOM = "!sea:sea.test"
_WHERE = Circumstances(_ME, _ROOM, display_name="Ann [x]", member_count=3)
_DEFAULTS = PushRules.parse(default_push_rules(_ME))


def message(body: str = "ahoy", content: object = None) -> JsonObject:
    """Return a message as /sync has it."""
    said: JsonObject = {"msgtype": "m.text", "body": body, **(content if isinstance(content, dict) else {})}
    return {"type": "m.room.message", "sender": "@ray:reef.test", "content": said}


def rules_of(kind: str, *rules: JsonObject) -> PushRules:
    """Return a user's rules of one kind."""
    written = [{"rule_id": "r", "enabled": True, "default": False, "actions": ["notify"], **rule} for rule in rules]
    return PushRules.parse({"global": {kind: written}})


def holds(condition: object, event: JsonView, where: Circumstances = _WHERE) -> bool:
    """Return whether a rule of one condition decides about an event."""
    return rules_of("override", {"conditions": [condition]}).rule_for(event, where) == "r"


def test_default_rules_are_those_of_the_specification() -> None:
    """Matrix v1.19 CS §Push Rules, Predefined Rules: each definition, in its order."""
    path = shared_path("matrix-spec", "content", "client-server-api", "modules", "push.md")
    text = path.read_text("utf-8").split("##### Default Override Rules")[1].split("#### Push Rules: API")[0]
    theirs = []
    for section in text.split("##### Default Underride Rules"):
        blocks = re.findall(r"```json\n(.*?)```", section, re.DOTALL)
        theirs.append([msgspec.json.decode(block.replace("[the user's Matrix ID]", _ME)) for block in blocks])
    ours = default_push_rules(_ME)["global"]
    assert isinstance(ours, dict)
    assert theirs == [ours["override"], ours["underride"]]


@pytest.mark.parametrize(
    ("event", "where", "rule"),
    [
        (message(), _WHERE, ".m.rule.message"),
        (message(), Circumstances(_ME, _ROOM, member_count=2), ".m.rule.room_one_to_one"),
        (message(content={"msgtype": "m.notice"}), _WHERE, ".m.rule.suppress_notices"),
        (message(content={"m.mentions": {"user_ids": ["@x:y", _ME]}}), _WHERE, ".m.rule.is_user_mention"),
        (
            message(content={"m.mentions": {"room": True}}),
            Circumstances(_ME, _ROOM, sender_level=50),
            ".m.rule.is_room_mention",
        ),
        (
            message(content={"m.mentions": {"room": True}}),
            Circumstances(_ME, _ROOM, sender_level=49),
            ".m.rule.message",
        ),
        (message(content={"m.relates_to": {"rel_type": "m.replace"}}), _WHERE, ".m.rule.suppress_edits"),
        ({"type": "m.room.encrypted", "content": {}}, _WHERE, ".m.rule.encrypted"),
        (
            {"type": "m.room.encrypted", "content": {}},
            Circumstances(_ME, _ROOM, member_count=2),
            ".m.rule.encrypted_room_one_to_one",
        ),
        ({"type": "m.call.invite", "content": {}}, _WHERE, ".m.rule.call"),
        ({"type": "m.reaction", "content": {}}, _WHERE, ".m.rule.reaction"),
        ({"type": "m.room.tombstone", "state_key": "", "content": {}}, _WHERE, ".m.rule.tombstone"),
        ({"type": "m.room.tombstone", "content": {}}, _WHERE, None),
        ({"type": "m.room.server_acl", "state_key": "", "content": {}}, _WHERE, ".m.rule.room.server_acl"),
        (
            {"type": "m.room.member", "state_key": _ME, "content": {"membership": "invite"}},
            _WHERE,
            ".m.rule.invite_for_me",
        ),
        (
            {"type": "m.room.member", "state_key": "@x:y", "content": {"membership": "invite"}},
            _WHERE,
            ".m.rule.member_event",
        ),
        ({"type": "m.room.name", "state_key": "", "content": {"name": "x"}}, _WHERE, None),
        ({**message(), "sender": _ME}, _WHERE, None),
    ],
)
def test_default_rules_decide(event: JsonObject, where: Circumstances, rule: str | None) -> None:
    """Ibid.: which of them, and that nobody is told of what he sent himself."""
    assert rule == _DEFAULTS.rule_for(event, where)


def test_rules_are_asked_in_the_order_of_their_kinds() -> None:
    """Matrix v1.19 CS §Push Rules: override, content, room, sender, underride; the first that holds decides."""
    by_kind: dict[str, JsonObject] = {
        "underride": {"rule_id": "under", "conditions": []},
        "sender": {"rule_id": "@ray:reef.test"},
        "room": {"rule_id": _ROOM},
        "content": {"rule_id": "words", "pattern": "ahoy"},
        "override": {"rule_id": "over", "conditions": []},
    }
    content: dict[str, list[JsonObject]] = {}
    for kind, rule in by_kind.items():
        content[kind] = [{"rule_id": "off", **rule, "enabled": False}, {**rule, "actions": [kind]}]
        rules = PushRules.parse({"global": content})
        assert rule["rule_id"] == rules.rule_for(message(), _WHERE)
        assert (kind,) == rules.evaluate(message(), _WHERE)
    content["override"].insert(0, {"rule_id": ".m.rule.master", "actions": []})
    assert PushRules.parse({"global": content}).rule_for(message(), _WHERE) == ".m.rule.master"


def test_actions_of_old_are_left_out_and_tweaks_are_told() -> None:
    """Ibid., Actions: `dont_notify` and `coalesce` are nothing; a highlight without a value is true."""
    sound: JsonObject = {"set_tweak": "sound", "value": "bell"}
    rules = rules_of(
        "override", {"actions": ["dont_notify", "notify", "coalesce", sound, {"set_tweak": "highlight"}, 1]}
    )
    actions = rules.evaluate(message(), _WHERE)
    assert ("notify", sound, {"set_tweak": "highlight"}) == actions
    assert notifies(actions)
    assert {"sound": "bell", "highlight": True} == tweaks_of(actions)
    assert {"highlight": False} == tweaks_of(({"set_tweak": "highlight", "value": False},))
    assert not notifies(rules_of("override", {"actions": ["dont_notify"]}).evaluate(message(), _WHERE))
    assert {"highlight": False} == tweaks_of(())


@pytest.mark.parametrize(
    ("key", "pattern", "value", "is_held"),
    [
        ("content.topic", "lunc?*", "Lunch plans", True),
        ("content.topic", "lunc?*", "LUNCH", True),
        ("content.topic", "lunc?*", " lunch", False),
        ("content.topic", "lunc?*", "lunc", False),
        ("content.topic", "lunc?*", None, False),
        ("content.topic", "*", 1, False),
        ("content.topic", "*", "", True),
        ("content.topic", "a.b", "axb", False),
        ("content.topic", "a*b*c", "a\nb b c", True),
        ("content.topic", "a*b*c", "acb", False),
        ("content.topic", "ab*ba", "aba", False),
        ("content.topic", "", "", True),
        ("content.body", "ex*ple", "An example event.", True),
        ("content.body", "ex*ple", "exple", True),
        ("content.body", "ex*ple", "An exciting triple-whammy", True),
        ("content.body", "ex*ple", "An example_event.", False),
        ("content.body", "ex*ple", "annex ample", False),
        ("content.body", "tea", "It's time for TEA", True),
        ("content.body", "tea", "teapot steal tea_ tea", True),
        ("content.body", "tea", "teapot steal tea_", False),
        ("content.body", "t?a", "the téa is", True),
        ("content.body", "@room", "hey@room!", True),
        ("content.body", "*", "", True),
        ("content.body", "a*", "ba ab", True),
        ("content.body", "*b", "ab", True),
        ("content.body", "a?c*x", "abc abd yx x", True),
    ],
)
def test_event_match_is_of_a_whole_value_or_of_words(key: str, pattern: str, value: object, is_held: bool) -> None:
    """Ibid., `event_match`: its examples, and the edges of globs."""
    event = {"type": "x", "content": {key.partition(".")[2]: value}}
    assert is_held is holds({"kind": "event_match", "key": key, "pattern": pattern}, event)


@pytest.mark.parametrize(
    ("value", "wanted", "is_held"),
    [
        (True, True, True),
        ("true", True, False),
        (1, True, False),
        (True, 1, False),
        (None, None, True),
        (1, 1, True),
        (1.0, 1, False),
        ([], [], False),
        ({}, {}, False),
        ("a", "A", False),
        (0, False, False),
    ],
)
def test_event_property_is_casts_nothing(value: object, wanted: object, is_held: bool) -> None:
    """Ibid., `event_property_is` and `event_property_contains`: strings, integers, booleans and null, exactly."""
    event: JsonObject = {"content": {"m.federate": value, "list": [{}, [], value]}}
    one = {"kind": "event_property_is", "key": r"content.m\.federate", "value": wanted}
    assert is_held is holds(one, event)
    assert is_held is holds({"kind": "event_property_contains", "key": "content.list", "value": wanted}, event)
    assert not holds({**one, "key": "content.absent"}, event)
    assert not holds({"kind": "event_property_contains", "key": "content", "value": wanted}, event)


@pytest.mark.parametrize(
    ("body", "is_held"),
    [("ahoy ann [X]!", True), ("Ann [x]", True), ("Joann [x]", False), ("Ann x", False), ("", False)],
)
def test_contains_display_name_is_of_words(body: str, is_held: bool) -> None:
    """Ibid., `contains_display_name`: the name itself, no glob; who has none is not meant."""
    condition = {"kind": "contains_display_name"}
    assert is_held is holds(condition, message(body))
    assert not holds(condition, message(body), Circumstances(_ME, _ROOM))
    assert not holds(condition, message(body), Circumstances(_ME, _ROOM, display_name=""))


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ("2", {2}),
        ("==2", {2}),
        ("<2", {0, 1}),
        (">2", {3, 4}),
        ("<=2", {0, 1, 2}),
        (">=2", {2, 3, 4}),
        ("=2", set()),
        ("", set()),
        ("2 ", set()),
        ("two", set()),
        ("-1", set()),
        (2, set()),
        (None, set()),
        ("2\n", set()),
    ],
)
def test_room_member_count_compares(said: object, counts: set[int]) -> None:
    """Ibid., `room_member_count`: a number with one of five signs or none."""
    condition = {"kind": "room_member_count", "is": said}
    where = {count: Circumstances(_ME, _ROOM, member_count=count) for count in range(5)}
    assert counts == {count for count in range(5) if holds(condition, message(), where[count])}


def test_sender_notification_permission_is_of_the_room() -> None:
    """Ibid., `sender_notification_permission`: 50 where the room says nothing."""
    condition = {"kind": "sender_notification_permission", "key": "room"}
    for needed, levels in ((50, {}), (50, {"other": 0}), (7, {"room": 7})):
        for level in (needed - 1, needed):
            where = Circumstances(_ME, _ROOM, sender_level=level, notification_levels=levels)
            assert (level == needed) is holds(condition, message(), where)


@pytest.mark.parametrize(
    "condition",
    [
        None,
        "x",
        {},
        {"kind": "org.example.moon"},
        {"kind": ["event_match"]},
        {"kind": 1},
        {"kind": "event_match"},
        {"kind": "event_match", "key": "type", "pattern": 1},
        {"kind": "event_match", "key": 1, "pattern": "*"},
        {"kind": "event_property_is", "key": "state_key"},
        {"kind": "event_property_contains", "key": "type"},
        {"kind": "sender_notification_permission"},
    ],
)
def test_condition_that_nobody_knows_never_holds(condition: object) -> None:
    """Ibid.: "Unrecognised conditions MUST NOT match any events", and what lacks its parameters does neither."""
    assert not holds(condition, message())


@pytest.mark.parametrize("content", [None, [], {}, {"global": []}, {"global": {"override": {}, "room": [1, None, {}]}}])
def test_rules_that_are_none_decide_nothing(content: object) -> None:
    """What is no set of rules has none."""
    assert () == PushRules.parse(content).evaluate(message(), _WHERE)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("content.body", ("content", "body")),
        (r"content.m\.relates_to", ("content", "m.relates_to")),
        (r"content.m\\foo", ("content", r"m\foo")),
        (r"content.\x", ("content", r"\x")),
        ("", ("",)),
        (".", ("", "")),
        ("a..b.", ("a", "", "b", "")),
        ("a\\", ("a\\",)),
    ],
)
def test_path_has_names_between_dots(path: str, names: tuple[str, ...]) -> None:
    """Appendices §Dot-separated property paths: its examples, and the edges."""
    assert names == parse_path(path)


@given(st.lists(st.text(r"ab.\x", max_size=5), min_size=1, max_size=4))
def test_path_of_escaped_names_leads_to_them(names: list[str]) -> None:
    """Ibid.: a dot or backslash within a name is escaped by a backslash."""
    written = ".".join(name.replace("\\", "\\\\").replace(".", "\\.") for name in names)
    assert tuple(names) == parse_path(written)
    event: object = "there"
    for name in reversed(names):
        event = {name: event}
    assert isinstance(event, dict)
    assert "there" == property_at(event, tuple(names))
    assert ABSENT is property_at(event, (*names, "further"))


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=12))
def test_glob_is_what_the_regular_expression_is(pattern: str, value: str) -> None:
    """Appendices §Glob-style matching: `*` is any characters, `?` is one."""
    expression = pattern.replace("*", ".*").replace("?", ".")
    assert (re.fullmatch(expression, value) is not None) is glob_matcher(pattern)(value)


@given(st.text("ab*? ", max_size=8), st.text("ab_ .", max_size=12))
def test_word_glob_is_what_the_regular_expression_is(pattern: str, value: str) -> None:
    """Matrix v1.19 CS §Push Rules: from boundary to boundary, on whichever side the character is."""
    expression = pattern.replace("*", ".*").replace("?", ".")
    edge = r"(?:\A|\Z|(?<=\W)|(?=\W)|\b)"
    assert (re.search(edge + f"(?:{expression})" + edge, value, re.ASCII) is not None) is word_matcher(pattern)(value)


def test_glob_of_many_stars_does_not_linger() -> None:
    """A pattern that would take a regular expression ages takes a moment."""
    started = perf_counter()
    assert not glob_matcher("*a" * 40 + "*b")("a" * 60_000)
    assert not word_matcher("*a" * 40 + "*b")("a" * 60_000)
    assert perf_counter() - started < 5


@pytest.mark.parametrize("name", ["contains_display_name", "contains_user_name", "roomnotif"])
def test_rules_that_look_for_names_give_way_to_mentions(name: str) -> None:
    """Homeservers keep rules of before v1.17: who says whom they mention is not searched for names (v1.16)."""
    about_all: JsonObject = {"kind": "event_match", "key": "content.body", "pattern": "ahoy"}
    rules = rules_of("override", {"rule_id": f".m.rule.{name}", "conditions": [about_all]})
    assert f".m.rule.{name}" == rules.rule_for(message(), _WHERE)
    assert rules.rule_for(message(content={"m.mentions": {}}), _WHERE) is None
