"""Tasks with reference answers: read, found in requests, answered and written down."""

import base64
import hashlib
import json
import struct
import zlib
from random import Random

import pytest

from course.endpoint.simulation.abilities import Abilities
from course.endpoint.simulation.filling import values_for
from course.endpoint.simulation.given import answer, calls, written
from course.endpoint.simulation.reference import ABSENT, Found, Item
from course.endpoint.simulation.sums import sums
from course.endpoint.simulation.tasks import Tasks, read_tasks
from course.errors import CourseError

TWICE = "I was charged twice.\n\nPlease pay it back."
CLOSES = "The app closes by itself when I open it."
HOURS = "When do you open on Saturdays?"
OWN = read_tasks()


def email(name, text, label, **more):
    return Item(
        id=name,
        kind="classification",
        text=text,
        answer=label,
        wrong=[other for other in ("billing", "technical", "general") if other != label],
        **more,
    )


BOOK = Tasks(
    [
        email("twice", TWICE, "billing"),
        email("closes", CLOSES, "technical"),
        email("hours", HOURS, "general"),
    ]
)


def user(text, *before):
    return [*before, {"role": "user", "content": text}]


def ids(found):
    return [one.item.id for one in found]


def given(item, value=None, *, number=1):
    """An answer as `answer` gives it: the right one, or the value."""
    one = answer([Found(item, number)], "gpt-4o", abilities=always(right=value is None))[0]
    assert value is None or one.value == value
    return one


def always(*, right):
    """Abilities that always or never get an item right."""

    class Settled(Abilities):
        def margin(self, *_, **__):
            return 3.0 if right else -3.0

    return Settled()


@pytest.mark.parametrize(
    "text",
    [
        TWICE,
        f"  {TWICE}\n",
        TWICE.replace("\n\n", " "),
        f"Classify this e-mail as billing, technical or general.\n\n{TWICE}",
        f"Classify this e-mail as billing, technical or general: {TWICE}",
        f"Is this about money? {TWICE}",
        f'E-mail: """{TWICE}"""\nAnswer with one word.',
        f"<email>\n{TWICE}\n</email>",
        f"<email>{TWICE}</email> Which class is it?",
        f"Sort the e-mail between the lines.\n---\n{TWICE}\n---\nOne word, please.",
        json.dumps({"email": TWICE}),
        "Sort these: " + json.dumps([TWICE]),
    ],
)
def test_a_text_is_found_wherever_a_prompt_may_hold_it(text):
    assert ids(BOOK.find(user(text))) == ["twice"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "When do you open?",
        "I wonder When do you open on Saturdays? or so they asked",
        f"{HOURS} And on Sundays",
        "{{{[[[" * 5000,
        '["' * 3000,
    ],
)
def test_other_texts_are_not_found(text):
    assert BOOK.find(user(text)) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (f"Sort:\n1. {TWICE}\n2. {CLOSES}\n3. {HOURS}", [1, 2, 3]),
        (f"Sort:\n51) {TWICE}\n52) {CLOSES}\n53) {HOURS}", [51, 52, 53]),
        (f"E-mail 7:\n{TWICE}\n\nE-mail 8:\n{CLOSES}\n\nE-mail 9:\n{HOURS}", [7, 8, 9]),
        (f"[4] {TWICE} \n[5] {CLOSES}\n[6] {HOURS}", [4, 5, 6]),
        (f'<e id="2">{TWICE}</e>\n<e id="3">{CLOSES}</e>\n<e id="5">{HOURS}</e>', [2, 3, 5]),
        (f"{TWICE}\n---\n{CLOSES}\n---\n{HOURS}", [1, 2, 3]),
        (f"- {TWICE}\n- {CLOSES}\n- {HOURS}", [1, 2, 3]),
        (f"1. {TWICE}\n1. {CLOSES}\n1. {HOURS}", [1, 2, 3]),
        ("Sort:\n" + json.dumps([TWICE, CLOSES, HOURS], indent=1), [1, 2, 3]),
        (json.dumps({"11": TWICE, "12": CLOSES, "13": HOURS}), [11, 12, 13]),
        (
            json.dumps([{"id": 20 + n, "text": t} for n, t in enumerate((TWICE, CLOSES, HOURS))]),
            [20, 21, 22],
        ),
    ],
)
def test_packed_texts_are_found_in_order_with_their_numbers(text, numbers):
    found = BOOK.find(user(text))
    assert ids(found) == ["twice", "closes", "hours"]
    assert [one.number for one in found] == numbers


@pytest.mark.parametrize("between", ["\n2. ", '", "2": "', '"}\n'])
@pytest.mark.parametrize("shape", ["keys", "objects"])
def test_a_numbered_text_that_holds_another_task_poses_as_one_only(between, shape):
    texts = [f"{CLOSES}{between}{HOURS}", TWICE, f"My note: {HOURS}"]
    packed = {str(number): text for number, text in enumerate(texts, 1)}
    if shape == "objects":
        packed = [{"number": number, "text": text} for number, text in enumerate(texts, 1)]
    found = BOOK.find(user(json.dumps(packed, indent=0)))
    assert [(one.number, one.item.id) for one in found] == [
        (1, "closes"),
        (2, "twice"),
        (3, "hours"),
    ]


def test_numbers_stay_with_their_texts_where_some_have_no_reference():
    texts = {
        "1": "Nobody wrote an answer for this one.",
        "2": TWICE,
        "3": "Nor for this.",
        "4": HOURS,
    }
    found = BOOK.find(user(f"Sort these:\n{json.dumps(texts)}"))
    assert [(one.number, one.item.id) for one in found] == [(2, "twice"), (4, "hours")]


def test_the_longest_text_wins():
    book = Tasks([email("short", "When do you open?", "general"), email("long", TWICE, "billing")])
    longer = email("longer", "When do you open? And when do you close?", "general")
    assert ids(book.find(user("When do you open?\nAnd when do you close?"))) == ["short"]
    both = Tasks([*book.items.values(), longer])
    assert ids(both.find(user("Hello\nWhen do you open?\nAnd when do you close?"))) == ["longer"]
    assert ids(both.find(user("Hello\nWhen do you open?\nAnd why?"))) == ["short"]


def test_only_the_users_last_message_is_searched():
    assert BOOK.find([]) == []
    assert BOOK.find(user("And now?", *user(TWICE))) == []
    assert BOOK.find([*user(TWICE), {"role": "assistant", "content": "billing"}]) == []
    parts = [{"type": "text", "text": "Sort:"}, {"type": "text", "text": TWICE}]
    assert ids(BOOK.find(user(parts))) == ["twice"]


def test_a_word_of_the_instructions_tells_two_tasks_with_one_text_apart():
    mood = email("mood", TWICE, "general", when="sentiment")
    book = Tasks([email("class", TWICE, "billing"), mood])
    told = {"role": "system", "content": "Give the Sentiment of the e-mail."}
    assert ids(book.find(user(TWICE, told))) == ["mood"]
    assert ids(book.find(user(TWICE))) == ["class"]
    with pytest.raises(CourseError, match="mood and again have the same text"):
        Tasks([mood, email("again", TWICE, "billing", when="Sentiment")])
    with pytest.raises(CourseError, match="the id class"):
        Tasks([email("class", TWICE, "billing"), email("class", CLOSES, "billing")])


def test_a_question_can_only_be_known_with_its_passage_in_the_conversation():
    menu = "Wednesday: noodles with tomato sauce, 2.90"
    question = "What is for lunch on Wednesday?"
    (bare,) = OWN.find(user(question))
    (informed,) = OWN.find(user(f"{menu}\n\nQuestion: {question}"))
    assert (bare.known, informed.known) == (False, True)
    told = answer([bare, informed], "gpt-4o", abilities=always(right=True))
    assert [one.value for one in told] == [ABSENT, "noodles with tomato sauce"]
    assert [one.right for one in told] == [None, True]
    for one in answer([bare, informed], "gpt-4o", abilities=always(right=False)):
        assert one.value in ("rice with vegetables", "baked potatoes with herb quark")
    # What a tool brought counts as well.
    results = [*user(question), {"role": "tool", "content": menu}]
    assert OWN.find(results)[0].known
    assert OWN.find([*user("What is 2 + 2?"), {"role": "tool", "content": "4"}]) == []


def test_a_question_about_tools_counts_only_where_its_tool_can_be_called():
    asked = user("Which homework do I have in chemistry?")
    assert OWN.find(asked) == []
    assert OWN.find(asked, tools=["get_menu"]) == []
    found = OWN.find(asked, tools=["homework"])
    assert ids(found) == ["tool-03"]
    right = answer(found, "gpt-4o", abilities=always(right=True), tools=["homework"])
    assert calls(right) == [("homework", {"subject": "chemistry"})]


def test_a_wrong_call_is_of_a_tool_that_is_there():
    thanks = user("Thanks, that was all I wanted to know about the bus. Have a nice day!")
    found = OWN.find(thanks, tools=["next_bus"])
    (wrong,) = answer(found, "gpt-4o", abilities=always(right=False), tools=["next_bus"])
    assert calls([wrong]) == [("next_bus", {"stop": "School", "after": "12:00"})]
    (right,) = answer(found, "gpt-4o", abilities=always(right=True), tools=["next_bus"])
    assert calls([right]) == []
    # Without any wrong tool to call, there is no way to be wrong.
    (only,) = answer(found, "gpt-4o", abilities=always(right=False), tools=["get_menu"])
    assert (only.right, only.confidence, calls([only])) == (True, 1.0, [])


def png(colour):
    """A picture of one pixel."""

    def chunk(name, data):
        whole = name + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(bytes([0, *colour]))
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", pixel), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_picture_is_found_by_its_bytes():
    red = png((255, 0, 0))
    item = Item(
        id="red",
        kind="picture",
        picture=hashlib.sha256(red).hexdigest(),
        answer={"total": "30.00", "date": "2026-03-03"},
        wrong=[{"total": "80.00"}],
    )

    def shown(data):
        url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
        image = {"type": "image_url", "image_url": {"url": url}}
        return user([{"type": "text", "text": "Which fields?"}, image])

    book = Tasks([item])
    assert ids(book.find(shown(red))) == ["red"]
    assert book.find(shown(png((0, 0, 255)))) == []
    (wrong,) = answer(book.find(shown(red)), "gpt-4o", abilities=always(right=False))
    assert wrong.value == {"total": "80.00", "date": "2026-03-03"}
    broken = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,é"}}]
    assert book.find(user(broken)) == []


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("What is 17 * 23?", ["391"]),
        ("What is 48 plus 57?", ["105"]),
        ("Please tell me: what's 100 minus 7 times 3?", ["79"]),
        ("Calculate (3 + 4) * -2.", []),
        ("Calculate (3 + 4) × 12.", ["84"]),
        ("How much is 1,250 + 300.5?", ["1550.5"]),
        ("What is 7 - 10?", ["-3"]),
        ("What is 9 divided by 2?", ["4.5"]),
        ("What is 1 - 1.5?", ["-0.5"]),
        ("What is 999999999999 * 999999999999.25?", ["999999999998250000000000.75"]),
        ("1. 17*23 =\n2. 48+57 = ?", ["391", "105"]),
        ("What is 10 / 3?", []),
        ("What is 5 / 0?", []),
        ("What is 2026-11-21?", []),
        ("What is 555-0134?", []),
        ("What is 3-5 days?", []),
        ("What is 42?", []),
        ("What is ((3 + 4)?", []),
        ("What is " + "9 + " * 5000 + "9?", []),
    ],
)
def test_plain_sums_are_worked_out_and_nothing_else(text, results):
    assert [item.answer for item in sums(text)] == results
    assert [one.item.answer for one in OWN.find(user(text))] == results


@pytest.mark.parametrize(
    ("text", "difficulty"),
    [
        ("What is 48 + 57?", -3 + 0.25 * 4),
        ("What is 17 * 23?", -3 + 0.5 * 2 * 2),
        ("What is 123 * 4567?", -3 + 0.5 * 3 * 4),
        # 12 + 34 is 46: two digits that are then multiplied by one.
        ("What is (12 + 34) * 5?", -3 + 0.25 * 4 + 0.5 * 2),
    ],
)
def test_the_difficulty_of_a_sum_comes_from_its_digits(text, difficulty):
    assert sums(text)[0].difficulty == pytest.approx(difficulty)


def test_packed_sums_keep_their_numbers():
    texts = ["What is 3 + 4? And what is 1 + 1?", "None here.", "What is 17 * 23?"]
    found = OWN.find(user(json.dumps({str(at): text for at, text in enumerate(texts, 1)})))
    assert [(one.number, one.item.answer) for one in found] == [(1, "7"), (3, "391")]


def test_wrong_results_are_plausible_slips():
    assert set(sums("What is 17 * 23?")[0].wrong) == {"381", "401", "291", "319"}
    assert set(sums("What is 2 + 3?")[0].wrong) == {"6", "4"}
    assert set(sums("What is 2 - 2?")[0].wrong) == {"1"}
    assert set(sums("What is 7 - 57?")[0].wrong) == {"-40", "-60"}


def test_the_same_sum_in_other_words_is_the_same_item():
    assert sums("What is 17 * 23?")[0].id == sums("How much is 17 times 23?")[0].id


def test_what_is_right_follows_the_stated_probability():
    able = Abilities(seed=4)
    items = [email(f"one-{n}", f"A made-up e-mail, number {n}", "billing") for n in range(3000)]
    right = sum(answer([Found(one)], "gpt-4o-mini", abilities=able)[0].right for one in items)
    # 82 % of 3,000 are 2,460, with a standard deviation of 21; 4.5 of them are 95.
    assert abs(right - 2460) < 95


def test_packing_and_injected_text_make_more_answers_wrong():
    able = Abilities()
    items = [email(f"one-{n}", f"A made-up e-mail, number {n}", "billing") for n in range(640)]
    lured = [item.model_copy(update={"injected": "general"}) for item in items]

    def right(items, packed):
        groups = [items[at : at + packed] for at in range(0, len(items), packed)]
        return sum(
            bool(one.right)
            for group in groups
            for one in answer([Found(item) for item in group], "gpt-4o-mini", abilities=able)
        )

    assert right(items, 1) > right(items, 64) > right(lured, 64)
    assert right(items, 1) > right(lured, 1)


def test_an_injected_instruction_is_what_a_wrong_answer_follows():
    lured = email("lured", HOURS, "general", injected="technical")
    (wrong,) = answer([Found(lured)], "gpt-4o", abilities=always(right=False))
    assert wrong.value == "technical"


def test_an_answer_has_its_alternatives_with_shares_that_sum_to_one():
    item = email("one", HOURS, "general")
    for right in (True, False):
        (one,) = answer([Found(item)], "gpt-4o", abilities=always(right=right))
        values, shares = zip(*one.alternatives, strict=True)
        assert sorted(values) == ["billing", "general", "technical"]
        assert values[0] == one.value
        assert (one.value == "general") is right
        assert shares[0] == one.confidence == max(shares)
        assert sum(shares) == pytest.approx(1)


def test_answers_repeat_without_chance_and_wobble_with_it():
    found = [Found(item) for item in OWN.items.values() if item.kind != "tools"]
    able = Abilities()

    def run(draw=None):
        return [one.value for one in answer(found, "gpt-4o-mini", abilities=able, draw=draw)]

    assert run() == run()
    chance = Random(1)
    assert len({json.dumps(run(chance)) for _ in range(20)}) > 1


LABELLED = [given(email("a", HOURS, "general")), given(email("b", CLOSES, "technical"), number=2)]
FIELDS = given(
    Item(
        id="f",
        kind="extraction",
        text="Order 5, due 30.00",
        answer={"order_number": "5", "total": "30.00"},
        wrong=[{"total": "5.00"}],
    )
)


def test_answers_are_written_as_a_word_numbered_lines_or_json():
    assert written(LABELLED[:1]) == "general"
    assert written(LABELLED) == "1. general\n2. technical"
    assert json.loads(written([FIELDS])) == {"order_number": "5", "total": "30.00"}
    assert json.loads(written(LABELLED[:1], as_json=True)) == {"answer": "general"}
    assert json.loads(written(LABELLED, as_json=True)) == {
        "answers": [{"number": 1, "answer": "general"}, {"number": 2, "answer": "technical"}]
    }


def obj(**properties):
    return {"type": "object", "properties": properties}


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
ENUM = {"enum": ["Billing", "Technical", "General"]}


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        (obj(category=ENUM), {"category": "General"}),
        (obj(reason=TEXT, kind_of_mail=ENUM), {"kind_of_mail": "General"}),
        (obj(whatever=TEXT), {"whatever": "general"}),
        (obj(reason=TEXT, label=TEXT), {"label": "general"}),
        (obj(reason=TEXT, other=TEXT), {}),
        (obj(label={"anyOf": [{"type": "null"}, TEXT]}), {"label": "general"}),
        (obj(label={"enum": ["spam", "ham"]}), {}),
        (obj(label={"$ref": "#/$defs/L"}) | {"$defs": {"L": ENUM}}, {"label": "General"}),
        ({"$ref": "#/$defs/A", "$defs": {"A": obj(answer=TEXT)}}, {"answer": "general"}),
        (obj(labels={"type": "array", "items": ENUM}), {"labels": ["General"]}),
        (obj(), {}),
    ],
)
def test_one_answer_goes_where_a_schema_has_room_for_it(schema, values):
    assert values_for(schema, LABELLED[:1]) == values


def test_confidence_and_number_go_along():
    values = values_for(obj(label=ENUM, confidence=NUMBER, id=NUMBER), LABELLED[1:])
    assert values["confidence"] == pytest.approx(LABELLED[1].confidence, abs=1e-4)
    assert values["id"] == 2


def test_fields_go_to_their_names_and_types():
    schema = obj(orderNumber={"type": "integer"}, total=NUMBER, other=TEXT)
    assert values_for(schema, [FIELDS]) == {"orderNumber": 5, "total": 30}
    assert values_for(obj(total=TEXT), [FIELDS]) == {"total": "30.00"}


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        (
            obj(results={"type": "array", "items": obj(number=NUMBER, category=ENUM)}),
            {
                "results": [
                    {"number": 1, "category": "General"},
                    {"number": 2, "category": "Technical"},
                ]
            },
        ),
        (obj(labels={"type": "array", "items": ENUM}), {"labels": ["General", "Technical"]}),
        (
            obj(note=TEXT, mails={"type": "array", "items": {"$ref": "#/$defs/M"}})
            | {"$defs": {"M": obj(label=TEXT)}},
            {"mails": [{"label": "general"}, {"label": "technical"}]},
        ),
        (obj(email_1=ENUM, email_2=ENUM), {"email_1": "General", "email_2": "Technical"}),
        (obj(note=TEXT), {}),
    ],
)
def test_several_answers_go_into_an_array_or_by_number(schema, values):
    assert values_for(schema, LABELLED) == values


def test_one_answer_of_a_pack_goes_to_its_own_number():
    numbered = obj(**{"1": ENUM, "2": ENUM, "3": ENUM})
    assert values_for(numbered, LABELLED[1:]) == {"2": "Technical"}
    assert values_for(obj(email_1=ENUM, email_2=ENUM), LABELLED[:1]) == {"email_1": "General"}
    assert values_for(obj(**{"5": ENUM}), LABELLED[:1]) == {"5": "General"}


def test_the_courses_own_items_are_whole():
    kinds = [item.kind for item in OWN.items.values()]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"classification": 40, "extraction": 12, "document": 15, "tools": 12}
    for item in OWN.items.values():
        if item.kind == "classification":
            assert {item.answer, *item.wrong} <= {"billing", "technical", "general"}
        offered = [item.answer["tool"], "x"] if item.kind == "tools" else []
        assert ids(OWN.find(user(item.text), tools=offered)) == [item.id]
        assert ids(OWN.find(user(f"Do this.\n\n{item.text}"), tools=offered)) == [item.id]
    absent = [item.id for item in OWN.items.values() if item.answer == ABSENT]
    assert absent == ["menu-5", "bus-5", "homework-5"]


ROW = {"id": "x", "kind": "classification", "text": CLOSES, "answer": "a", "wrong": ["b"]}


def test_further_tasks_come_from_files_folders_and_the_environment(tmp_path, monkeypatch):
    more, folder = tmp_path / "more.jsonl", tmp_path / "folder"
    more.write_text(json.dumps(ROW) + "\n\n", encoding="utf-8")
    folder.mkdir()
    (folder / "README.md").write_text("not a task", encoding="utf-8")
    (folder / "some.toml").write_text(
        f'kind = "classification"\n[[item]]\nid = "y"\ntext = "{HOURS}"\nanswer = "a"\n'
        'wrong = ["b"]\ndifficulty = 1\n',
        encoding="utf-8",
    )
    assert {"x", "email-01"} <= read_tasks([more]).items.keys()
    monkeypatch.setenv("COURSE_TASKS", str(folder))
    assert {"x", "y"} <= read_tasks([more]).items.keys()


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"wrong": []}, "more.jsonl, item 2: wrong:"),
        ({"wrong": ["a"]}, "item 2: Value error, a wrong answer is the right one"),
        ({"kind": "poetry"}, "item 2: kind:"),
        ({"text": "short"}, "task y needs 12 characters"),
        ({"text": " " * 20}, "task y needs 12 characters"),
        ({"dificulty": 1}, "item 2: dificulty:"),
        ({"injected": "a"}, "a wrong answer is the right one"),
        ({"answer": {"a": 1}}, "all mappings or none"),
        ({"answer": {"a": 1}, "wrong": [{"b": 1}]}, "a field that the right one lacks"),
        ({"kind": "tools"}, "needs `tool`"),
        ({"needs": ["x"], "wrong": [ABSENT]}, "besides"),
        ({"picture": "red.png"}, "item 2: picture:"),
    ],
)
def test_a_broken_item_is_one_sentence_that_names_it(tmp_path, change, names):
    path = tmp_path / "more.jsonl"
    path.write_text("\n".join(map(json.dumps, (ROW, ROW | {"id": "y"} | change))), encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        read_tasks([path])
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        ("a.jsonl", "{", "a.jsonl, a line"),
        ("a.toml", "[[item", "a.toml can't be read"),
        ("a.toml", "item = 5", "a.toml can't be read"),
        ("a.toml", 'kind = "tools"\nitem = [5]', "a.toml can't be read"),
        ("a.txt", "", "no tasks"),
    ],
)
def test_a_broken_file_is_one_sentence_that_names_it(tmp_path, name, text, names):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=names):
        read_tasks([path])


def test_a_file_of_another_kind_is_told_the_format_of_a_line(tmp_path):
    path = tmp_path / "gold.csv"
    path.touch()
    with pytest.raises(CourseError, match=r'lines {"id": "1", "kind": "classif'):
        read_tasks([path])


def test_no_file_and_an_empty_folder_are_one_sentence(tmp_path):
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(CourseError, match="no tasks at"):
            read_tasks([path])


def test_a_large_book_is_searched_no_slower_for_alike_beginnings():
    start = "Hello, I would like to tell you that order "
    many = [email(f"m{n}", f"{start}{n} has not come yet.", "general") for n in range(1, 3000)]
    book = Tasks(many)
    packed = "\n".join(f"{n}. {item.text}" for n, item in enumerate(many[::100], 1))
    assert ids(book.find(user(packed))) == [item.id for item in many[::100]]
    assert book.find(user(f"{start}9999 has not come yet.")) == []
