"""The rules of a live meeting, by example and by thousands of made-up meetings."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_quiz import SINGLE, TYPES_BANK, bank_file

from course.errors import CourseError
from course.live import commands, events, names
from course.live.advice import advice
from course.live.rounds import MOST_ANSWERS, Meeting, Refused
from course.live.tally import moves, public, tally
from course.live.telling import Telling, tellings
from course.live.views import Views
from course.quiz import bank

OTHER = "other-01"
OPTIONS = [{"id": name, "text": f"The letter {name}"} for name in "ABC"]
ITEMS = {
    name: {"id": name, "type": "single", "stem": "Which?", "options": OPTIONS}
    for name in (SINGLE, OTHER)
}


@pytest.fixture
def meeting():
    return Meeting(ITEMS)


def do(meeting, name, at=0.0, /, **told):
    event = commands.command(meeting, name, told, at=at)
    if event:
        meeting.apply(event)
    return event


def join(meeting, who, name="Ada", at=0.0):
    event = meeting.join(who, name, at=at)
    if event:
        meeting.apply(event)
    return event


def answer(meeting, who, response, *, key="key-0001", round=1, item=SINGLE, at=1.0):
    event = meeting.answer(who, round=round, item=item, key=key, response=response, at=at)
    if event:
        meeting.apply(event)
    return event


def opened(meeting, *people, seconds=None, at=0.0):
    for who in people:
        join(meeting, who, at=at)
    do(meeting, "choose", at, item=SINGLE)
    do(meeting, "open", at, seconds=seconds)
    return meeting


def refused(why, ask, *about, **told):
    with pytest.raises(Refused) as error:
        ask(*about, **told)
    assert error.value.why == why
    assert str(error.value).endswith(".")


def test_a_meeting_goes_from_the_lobby_to_the_reveal(meeting):
    phases = [meeting.phase]
    for command, told in (
        ("choose", {"item": SINGLE}),
        ("open", {}),
        ("close", {}),
        ("open", {}),
        ("close", {}),
        ("show", {}),
        ("reveal", {}),
        ("choose", {"item": OTHER}),
        ("end", {}),
    ):
        do(meeting, command, **told)
        phases.append(meeting.phase)
    assert phases == [
        "lobby", "asked", "open", "closed", "open", "closed", "closed", "revealed", "asked", "ended"
    ]  # fmt: skip
    assert [one.vote for one in meeting.votes(SINGLE)] == [1, 2]


def test_nothing_is_taken_before_the_opening_or_after_the_close(meeting):
    join(meeting, "a")
    refused("closed", answer, meeting, "a", "B")
    opened(meeting)
    answer(meeting, "a", "B")
    do(meeting, "close", 2.0)
    refused("closed", answer, meeting, "a", "C", key="key-0002", at=3.0)
    assert meeting.rounds[0].given["a"].response == "B"


def test_an_answer_at_the_very_end_of_the_timer_is_too_late(meeting):
    opened(meeting, "a", seconds=10)
    answer(meeting, "a", "A", at=9.999)
    refused("closed", answer, meeting, "a", "B", key="key-0002", at=10.0)
    meeting.apply(meeting.tick(12.5))
    assert (meeting.rounds[0].closed_at, meeting.rounds[0].closed_by) == (10.0, "timer")


def test_the_timer_does_not_ring_before_its_time(meeting):
    opened(meeting, "a", seconds=10)
    assert meeting.tick(9.99) is None
    do(meeting, "time", 9.0, seconds=None)
    assert meeting.tick(1000.0) is None


def test_the_last_answer_before_the_close_counts_and_all_are_kept(meeting):
    opened(meeting, "a")
    first = answer(meeting, "a", "B", key="key-0001", at=1.0)
    second = answer(meeting, "a", "C", key="key-0002", at=4.0)
    found = meeting.rounds[0].given["a"]
    assert (found.response, found.times, found.first_at, found.at) == ("C", 2, 1.0, 4.0)
    assert [first.body["response"], second.body["response"]] == ["B", "C"]


def test_what_is_sent_again_is_known_by_its_key_also_after_the_close(meeting):
    opened(meeting, "a")
    answer(meeting, "a", "B", key="key-0001")
    answer(meeting, "a", "C", key="key-0002")
    assert answer(meeting, "a", "B", key="key-0001") is None
    assert meeting.rounds[0].given["a"].response == "C"
    do(meeting, "close", 5.0)
    assert answer(meeting, "a", "C", key="key-0002", at=9.0) is None


def test_a_key_stands_for_one_answer_only(meeting):
    opened(meeting, "a", "b")
    answer(meeting, "a", "B")
    refused("key", answer, meeting, "a", "C")
    assert answer(meeting, "b", "C") is not None  # another person's key is another key


def test_an_answer_to_no_option_or_another_item_is_refused(meeting):
    opened(meeting, "a")
    refused("invalid", answer, meeting, "a", "Q")
    refused("invalid", answer, meeting, "a", None)
    refused("invalid", answer, meeting, "a", {"value": 1})
    refused("closed", answer, meeting, "a", "B", item=OTHER)
    refused("closed", answer, meeting, "a", "B", round=0)
    refused("closed", answer, meeting, "a", "B", round=7)
    assert not meeting.rounds[0].given


def test_a_round_takes_a_hundred_answers_of_one_person(meeting):
    opened(meeting, "a")
    for number in range(MOST_ANSWERS):
        answer(meeting, "a", "ABC"[number % 3], key=f"key-{number:04}")
    refused("often", answer, meeting, "a", "B", key="key-9999")
    assert answer(meeting, "a", "A", key="key-0000") is None


def test_who_was_removed_neither_answers_nor_comes_back_nor_counts(meeting):
    opened(meeting, "a", "b")
    answer(meeting, "a", "B")
    do(meeting, "remove", who="a")
    refused("removed", answer, meeting, "a", "C", key="key-0002")
    refused("removed", meeting.join, "a", "Ada", at=1.0)
    assert meeting.counted(meeting.rounds[0]) == {}
    do(meeting, "readmit", who="a")
    assert meeting.counted(meeting.rounds[0])["a"].response == "B"


def test_late_joiners_come_in_while_a_round_is_open_unless_the_door_is_locked(meeting):
    opened(meeting, "a")
    join(meeting, "b", at=3.0)
    assert answer(meeting, "b", "A")
    do(meeting, "lock")
    refused("locked", meeting.join, "c", "Cem", at=4.0)
    assert meeting.join("b", "Bao", at=4.0) is None  # who is in may come back
    do(meeting, "unlock")
    assert meeting.join("c", "Cem", at=5.0)


def test_a_full_meeting_takes_nobody_new():
    small = Meeting(ITEMS, most=1)
    join(small, "a")
    refused("full", small.join, "b", "Bao", at=0.0)


def test_two_of_one_name_are_told_apart_and_a_name_is_cleaned(meeting):
    join(meeting, "a", "Zoë")
    join(meeting, "b", "  ZOË\u202e \x07")
    assert meeting.people["b"].name == "ZOË (2)"
    do(meeting, "rename", who="b", name="Zoë")
    assert meeting.people["b"].name == "Zoë (2)"
    do(meeting, "rename", who="b", name="Bao")
    join(meeting, "c", "zoë (2)")
    assert meeting.people["c"].name == "zoë (2)"


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "!?", "x" * 41, "a" + "\u0301" * 9])
def test_a_name_that_is_none_is_refused_in_a_sentence(meeting, name):
    with pytest.raises(CourseError, match="name"):
        meeting.join("a", name, at=0.0)


@pytest.mark.parametrize(
    ("why", "before", "command", "told"),
    [
        ("unknown", [], "choose", {"item": "no-such"}),
        ("lobby", [], "open", {}),
        ("closed", ["choose"], "close", {}),
        ("asked", ["choose"], "show", {}),
        ("asked", ["choose"], "reveal", {}),
        ("open", ["choose", "open"], "open", {}),
        ("open", ["choose", "open"], "choose", {"item": OTHER}),
        ("open", ["choose", "open"], "show", {}),
        ("open", ["choose", "open"], "reveal", {}),
        ("open", ["choose", "open"], "end", {}),
        ("revealed", ["choose", "open", "close", "reveal"], "open", {}),
        ("ended", ["end"], "choose", {"item": SINGLE}),
        ("unknown", [], "remove", {"who": "nobody"}),
    ],
)
def test_a_command_out_of_its_turn_is_refused(meeting, why, before, command, told):
    for one in before:
        do(meeting, one, **({"item": SINGLE} if one == "choose" else {}))
    seq = meeting.seq
    refused(why, do, meeting, command, **told)
    assert meeting.seq == seq


def test_a_command_that_changes_nothing_is_no_event(meeting):
    opened(meeting, "a")
    do(meeting, "close")
    assert do(meeting, "show") and do(meeting, "show") is None
    assert do(meeting, "reveal") and do(meeting, "reveal") is None
    assert do(meeting, "choose", item=SINGLE) is None
    assert do(meeting, "unlock") is None


def test_a_timer_that_ran_while_the_server_was_down_leaves_fifteen_seconds(meeting):
    opened(meeting, "a", seconds=20, at=100.0)
    assert commands.more_time(meeting, at=104.0) is None
    meeting.apply(commands.more_time(meeting, at=200.0))
    assert meeting.rounds[0].closes_at == 215.0


def test_a_log_with_a_hole_or_a_foreign_event_is_refused(meeting):
    with pytest.raises(CourseError, match="is missing: 2 came"):
        meeting.apply(events.Event(2, 0.0, "locked", {}))
    with pytest.raises(CourseError, match="does not fit"):
        meeting.apply(events.Event(1, 0.0, "closed", {"round": 3, "by": "timer"}))
    for kind, text in (("locked", "[]"), ("locked", "{"), ("bribed", "{}")):
        with pytest.raises(CourseError, match="Event 1 of this meeting can't be read"):
            events.read(1, 0.0, kind, text)


# made-up meetings

PEOPLE = [f"p{number}" for number in range(4)]
_STEPS = st.one_of(
    st.tuples(st.just("join"), st.sampled_from(PEOPLE)),
    st.tuples(
        st.just("answer"),
        st.sampled_from(PEOPLE),
        st.sampled_from("ABCQ"),
        st.integers(1, 6),
        st.sampled_from([SINGLE, OTHER]),
        st.integers(0, 9),
    ),
    st.tuples(st.just("choose"), st.sampled_from([SINGLE, OTHER])),
    st.tuples(st.just("open"), st.sampled_from([None, 5.0, 60.0])),
    st.tuples(st.sampled_from(["close", "show", "reveal", "lock", "unlock", "tick"])),
    st.tuples(st.sampled_from(["remove", "readmit"]), st.sampled_from(PEOPLE)),
)
_ANSWERS = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from("ABC")), max_size=4)


def _vote(item, answers, after):
    """What mostly happens: people come, an item is opened, answered and closed; then `after`."""
    yield from [("join", who) for who, _ in answers]
    yield from [("choose", item), ("open", None)]
    for number in range(1, 7):  # one of these is the round; the others are refused
        yield from [("answer", who, told, number, item, 50 + number) for who, told in answers]
    yield from [("close",), *after]


_AFTER = st.sampled_from([(), (("show",),), (("reveal",),), (("show",), ("reveal",))])
_VOTES = st.builds(_vote, st.sampled_from([SINGLE, OTHER]), _ANSWERS, _AFTER).map(list)
_PARTS = st.lists(st.one_of(st.lists(_STEPS, max_size=8), _VOTES), max_size=6)
_PLANS = st.tuples(_PARTS, st.lists(st.floats(0, 3), min_size=1, max_size=9)).map(
    lambda plan: [
        (plan[1][number % len(plan[1])], step)
        for number, step in enumerate(step for part in plan[0] for step in part)
    ]
)


def taken(meeting, step, at):
    """The event that a step becomes, None where it is refused or changes nothing."""
    told = {"choose": "item", "open": "seconds", "remove": "who", "readmit": "who"}
    try:
        match step:
            case ("join", who):
                return meeting.join(who, who, at=at)
            case ("answer", who, response, round, item, key):
                told = {"round": round, "item": item, "key": f"key-{key:04}"}
                return meeting.answer(who, **told, response=response, at=at)
            case ("tick",):
                return meeting.tick(at)
            case (name, *rest):
                about = dict(zip([told[name]], rest, strict=True)) if rest else {}
                return commands.command(meeting, name, about, at=at)
    except Refused:
        return None


def played(plan):
    """A meeting that a plan has become, with its log."""
    meeting, log, now = Meeting(ITEMS), [], 0.0
    for wait, step in plan:
        now += wait
        event = taken(meeting, step, now)
        if event:
            meeting.apply(event)
            log.append(event)
    return meeting, log


@settings(max_examples=300)
@given(_PLANS)
def test_each_answer_that_counts_is_the_last_that_was_taken_while_its_round_was_open(plan):
    meeting, log = played(plan)
    last, keys, times = {}, set(), {}
    for event in (event for event in log if event.kind == "answered"):
        body = event.body
        one = meeting.rounds[body["round"] - 1]
        key = body["round"], body["who"], body["key"]
        assert key not in keys  # never doubled
        keys.add(key)
        assert one.opened_at <= event.at
        assert one.closed_at is None or event.at <= one.closed_at
        assert one.closes_at is None or event.at < one.closes_at
        last[body["round"], body["who"]] = body["response"]
        times[body["round"], body["who"]] = times.get((body["round"], body["who"]), 0) + 1
    found = {(one.number, who): g for one in meeting.rounds for who, g in one.given.items()}
    assert {pair: given.response for pair, given in found.items()} == last
    assert {pair: given.times for pair, given in found.items()} == times


@settings(max_examples=300)
@given(_PLANS)
def test_a_meeting_that_is_read_from_its_log_is_the_same_meeting(plan):
    meeting, log = played(plan)
    again = Meeting(ITEMS)
    for event in log:
        again.apply(events.read(event.seq, event.at, event.kind, event.text()))
    assert vars(again) == vars(meeting)


@settings(max_examples=200)
@given(_PLANS)
def test_an_answer_that_was_taken_is_acknowledged_again_whatever_has_happened_since(plan):
    meeting, log = played(plan)
    seq = meeting.seq
    for event in (event for event in log if event.kind == "answered"):
        told = {name: event.body[name] for name in ("round", "item", "key", "response")}
        if not meeting.people[event.body["who"]].removed:
            assert meeting.answer(event.body["who"], **told, at=meeting.at + 1) is None
    assert meeting.seq == seq


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = bank_file(tmp_path_factory.mktemp("types"), TYPES_BANK)
    return tellings(bank.load(path, facts={}))


@settings(max_examples=60)
@given(_PLANS)
def test_nobody_but_the_instructor_sees_a_key_or_a_count_before_the_reveal(secretive, plan):
    """The sample's feedback and keys are words that stand nowhere else."""
    meeting = Meeting({name: one.public for name, one in secretive.items()})
    views, now = Views(meeting, secretive), 0.0
    for wait, step in plan:
        now += wait
        event = taken(meeting, step, now)
        if event is None:
            continue
        meeting.apply(event)
        views.forget()
        told = views.public(now)
        if meeting.phase != "revealed":
            text = json.dumps(told)
            assert "FEEDBACK" not in text and '"right"' not in text
            assert told["solution"] is None and told["moves"] is None
        if meeting.phase == "open":
            assert told["histograms"] == []
            assert "answered" not in json.dumps(told)
        shown = {one.vote for one in meeting.votes(meeting.item or "") if one.shown}
        if meeting.phase == "closed":
            assert {one["vote"] for one in told["histograms"]} == shown


@pytest.fixture(scope="module")
def secretive(tmp_path_factory):
    """The two items of the made-up meetings, in a bank."""
    option = '{{ id = "{0}", text = "The letter {0}", feedback = "FEEDBACK {0}" }}'
    options = ", ".join(option.format(name) for name in "ABC")
    items = "".join(
        f'[[items]]\nid = "{name}"\ntype = "single"\nstem = "Which?"\nkey = "B"\n'
        f"options = [{options}]\n"
        for name in (SINGLE, OTHER)
    )
    text = f'quiz = "secret"\ntitle = "S"\nobjectives = ["x"]\n{items}'
    return tellings(bank.load(bank_file(tmp_path_factory.mktemp("secret"), text), facts={}))


# what is counted


def test_functions_are_not_asked_live(found):
    assert "91-code" not in found and "91-measured" not in found
    assert len(found) == 9


RESPONSES = {
    "91-single": (["A", "B", "B"], 2, [{"A": 1, "B": 2, "C": 0}], 0),
    "91-multiple": (
        [["A", "C"], ["A"], ["A", "B", "C", "D"]],
        1,
        [{"A": 3, "B": 1, "C": 2, "D": 1}],
        0,
    ),
    # 6 cent are 0.06 USD
    "91-numeric": (
        [{"value": 0.06, "unit": "USD"}, {"value": 6, "unit": "cent"}, {"value": 6, "unit": "USD"}],
        2,
        [{"0.06 USD": 2, "6 USD": 1}],
        0,
    ),
    "91-order": (
        [["B", "C", "A", "D"], ["A", "B", "C", "D"]],
        1,
        [{"B, C, A, D": 1, "A, B, C, D": 1}],
        0,
    ),
    "91-match": (
        [{"p1": "B", "p2": "A"}, {"p1": "B"}],
        1,
        [{"A": 0, "B": 2, "C": 0}, {"A": 1, "B": 0, "C": 0}],
        0,
    ),
    # one's own words are shown only where two wrote them
    "91-text": (["max_completion_tokens", "max_tokens", "max_tokens", "hm"], 1,
                [{"max_tokens": 2}], 2),
    "91-essay": (["It costs less."], 0, [{}], 1),
}  # fmt: skip


@pytest.mark.parametrize("item", RESPONSES)
def test_answers_are_counted_by_what_was_given(found, item):
    responses, right, groups, other = RESPONSES[item]
    told = tally(found[item].item, responses)
    assert (told["answered"], told["right"]) == (len(responses), right)
    counted = [{row["id"]: row["count"] for row in group["rows"]} for group in told["groups"]]
    assert counted == groups
    assert sum(group["other"] for group in told["groups"]) == other


def test_the_gaps_of_a_cloze_are_counted_one_by_one(found):
    answers = [{"g1": "A", "g2": {"value": 15, "unit": "cent"}, "g3": "message"}, {"g1": "B"}]
    told = tally(found["91-cloze"].item, answers)
    assert [group["id"] for group in told["groups"]] == ["g1", "g2", "g3"]
    assert [row["count"] for row in told["groups"][0]["rows"]] == [1, 1, 0]
    assert told["groups"][1]["rows"] == [
        {"id": "15 cent", "label": "15 cent", "count": 1, "right": True}
    ]
    assert told["groups"][2] == {"id": "g3", "rows": [], "other": 1}


def test_a_public_tally_says_nothing_of_what_is_right(found):
    told = public(tally(found["91-single"].item, ["A", "B"]))
    assert "right" not in json.dumps(told)
    assert told["groups"][0]["rows"][1] == {"id": "B", "label": "B", "count": 1}


def test_those_who_changed_their_mind_are_counted_by_person(found):
    before = {"a": "A", "b": "B", "c": "C", "d": "B", "gone": "A"}
    after = {"a": "B", "b": "B", "c": "A", "d": "A", "late": "B"}
    assert moves(found["91-single"].item, before, after) == {
        "wrong_right": 1,  # a
        "right_wrong": 1,  # d
        "right_right": 1,  # b
        "wrong_wrong": 1,  # c
        "only_before": 1,
        "only_after": 1,
    }


@pytest.mark.parametrize(
    ("right", "vote", "do"),
    [
        (34, 1, "teach"),
        (35, 1, "discuss"),
        (70, 1, "discuss"),
        (71, 1, "explain"),
        (34, 2, "teach"),
        (35, 2, "explain"),
    ],
)
def test_advice_follows_the_share_of_right_answers(right, vote, do):
    told = advice(right=right, answered=100, vote=vote)
    assert told.do == do
    assert f"{right} % right" in told.words


def test_advice_is_careful_where_few_or_none_have_answered():
    assert advice(right=0, answered=0, vote=1).do == "none"
    assert "chance" in advice(right=2, answered=4, vote=1).words
    assert advice(right=0, answered=9, vote=1, by_hand=True).do == "none"


def test_a_reveal_says_to_each_answer_what_the_widget_says(found):
    told = found["91-single"].heard("A")
    assert told["feedback"]["kind"] == "wrong"
    assert told["feedback"]["text"] == [["p", "That holds the text."]]
    solution = found["91-single"].solution
    assert solution["response"] == "B"
    assert [option["right"] for option in solution["options"]] == [False, True, False]


@pytest.mark.parametrize(
    ("item", "response"),
    [
        ("91-numeric", {"value": 0.06, "unit": "USD"}),
        ("91-order", ["B", "C", "A", "D"]),
        ("91-match", {"p1": "B", "p2": "A"}),
        ("91-text", "max_completion_tokens"),
        ("91-essay", None),
    ],
)
def test_the_solution_is_a_right_response(found, item, response):
    telling: Telling = found[item]
    assert telling.solution["response"] == response
    if response is not None:
        assert telling.solution["feedback"]["kind"] == "right"


def test_codes_have_no_letters_that_look_alike_and_are_read_as_people_type_them():
    code = names.new_code()
    assert len(code) == 6 and not set(code) & set("ILOUV0123456789")
    assert names.plain_code(f" {code[:3].lower()}-{code[3:]} ") == code


def test_the_same_token_is_another_person_in_another_meeting():
    assert names.who("ABCDEF", "token") == names.who("ABCDEF", "token")
    assert names.who("ABCDEF", "token") != names.who("ABCDEG", "token")
