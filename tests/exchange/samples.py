"""Banks to send out and take in again, and what it means that two of them say the same."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

from hypothesis import assume
from hypothesis import strategies as st

from course.facts import facts
from course.quiz import bank, exchange, markup, resolve
from course.quiz.exchange.markdown import merged
from course.quiz.exchange.richtext import trimmed
from course.quiz.items import Bank
from course.quiz.numbers import interval

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
OURS = sorted((ROOT / "solutions").glob("*/bank.toml"))
MARKED = ("single", "multiple", "order", "match")


def load(text: str) -> Bank:
    """A bank from the text of bank.toml."""
    written = Bank.model_validate(tomllib.loads(text, parse_float=Decimal))
    items, problems = resolve.items(written.items, facts(), assignment=written.quiz)
    assert not problems, problems
    return written.model_copy(update={"items": items})


def every_type() -> Bank:
    return bank.load(FOLDER / "every_type.toml", facts={})


def back(folder: Path, quiz: Bank, to: str) -> tuple[Bank, list[str]]:
    """The bank that comes back from the format, and what was lost on the way in."""
    sent = exchange.export(quiz, to)
    path = folder / sent.filename
    path.write_bytes(sent.content)
    read = exchange.read(path)
    return load(read.bank_toml), read.losses


def tree(text: object) -> list:
    """What a text shows, whatever marks it is written with."""
    return [_plain_space(merged(block)) for block in markup.parse(str(text).replace("\r", "\n"))]


def _plain_space(node):
    if isinstance(node, str):
        return re.sub(r"[ \t\r\n]+", " ", node)
    if node[0] == "pre":
        return node
    made = [node[0], *map(_plain_space, node[1:])]
    return trimmed(made) if node[0] in ("p", "li") else made


def question(item) -> dict:
    """Everything about an item or gap that has to come back."""
    shown = tree if item.type in MARKED else str
    parts = {option.id: (shown(option.text), tree(option.feedback)) for option in item.options}
    if item.type == "numeric":
        parts = {option.id: (option.value, tree(option.feedback)) for option in item.options}
    if item.type == "text":  # the text of `right` is only its name
        parts |= {name: ("", parts[name][1]) for name in ("right",) if name in parts}
    if item.type == "match":
        parts = {option.id: _letters(option.text) for option in item.options}
    if item.type == "order":
        parts = {option.id: shown(option.text) for option in item.options}
    said = {"id": item.id, "type": item.type, "key": item.key, "options": parts}
    said |= {"feedback": tree(item.feedback), "unit": item.unit, "units": item.units}
    said |= {"accept": tuple(each.strip() for each in item.accept), "pattern": item.pattern}
    if item.type == "numeric":
        said["interval"] = interval(item.key, item.tolerance)
    return said


def _letters(text: object) -> str:
    return " ".join(markup.plain(str(text)).split())


def whole(item) -> dict:
    said = question(item) | {"stem": tree(item.stem), "scoring": item.scoring}
    said |= {"points": item.points, "level": item.level, "objective": item.objective}
    said |= {"section": item.section}
    said["prompts"] = {prompt.id: tree(prompt.text) for prompt in item.prompts}
    said["gaps"] = [(gap.weight, question(gap)) for gap in item.gaps]
    return said


def portable(quiz) -> list:
    """The items that other systems can hold: no format has functions that are called."""
    return [item for item in quiz.items if item.type not in ("code", "measured")]


LETTERS = (
    "abXYZ" + "=~#{}:\\\"'<>&%[]*_`$^|/-+.!;?@ 019\n\t" + "éß€🙂\u05d0\u05d1\u202e\u0301\u200d"
)
PIECES = [
    "]]>", "<!--", "-->", "<![CDATA[", "&amp;", "&#61;", "&&035;", "\\n", "->", "####", "{1:SA:=x}",
    "[html]", "[[x]]", "`code <b>`", "**bold**", "$x_1^2$", "\n\n", "- item", "1. one", "%50%",
    "//", "```\na = {'b': 1}\n```", "::", "{#", "~%-50%", "T", "<script>", "__init__",
    "user's \"key\"",
]  # fmt: skip
words = st.text(st.sampled_from(LETTERS), min_size=1, max_size=8)
texts = (
    st.lists(words | st.sampled_from(PIECES), min_size=1, max_size=4)
    .map(" ".join)
    .map(str.strip)
    .filter(lambda text: text.strip() and not re.search(r"\{=[^{}]*\}", text))
    .filter(lambda text: markup.plain(text).strip() and is_plain_sailing(text))
)


def is_plain_sailing(text: str) -> bool:
    """Whether the text has none of the marks that our Markdown reads but cannot write again.

    Those are emphases that run into escapes or other emphases, such as `*{*1*`.
    """
    from course.quiz.exchange.richtext import from_html

    return not from_html(markup.html(text))[1]


numbers = st.decimals(-(10**6), 10**6, places=3).map(Decimal.normalize)
ids = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
typed = words.map(str.strip).filter(lambda text: text and "->" not in text)


@st.composite
def options(draw, *, fewest: int = 2, text=texts) -> list[dict]:
    names = draw(
        st.lists(ids.filter(lambda name: name != "right"), min_size=fewest, max_size=5, unique=True)
    )
    told = texts | st.just("")
    return [{"id": name, "text": draw(text), "feedback": draw(told)} for name in names]


@st.composite
def single(draw) -> dict:
    found = draw(options())
    return {"options": found, "key": draw(st.sampled_from(found))["id"]}


@st.composite
def multiple(draw) -> dict:
    found = draw(options(fewest=3))
    return {
        "options": found,
        "key": [option["id"] for option in found[: draw(st.integers(1, len(found) - 1))]],
        "scoring": draw(st.sampled_from(["share", "all-or-nothing"])),
    }


@st.composite
def numeric(draw) -> dict:
    key = draw(numbers)
    made = draw(options(fewest=0, text=numbers.filter(lambda number: number != key)))
    if draw(st.booleans()):
        made.append({"id": "right", "text": key, "feedback": draw(texts)})
    units = draw(st.sampled_from([{"unit": "USD", "units": ["cent"]}, {"unit": "tokens/s"}]))
    tolerances = st.sampled_from([0, Decimal("0.01"), {"relative": Decimal("0.05")}])
    return {
        "options": made,
        "key": key,
        "tolerance": draw(tolerances),
        "feedback": draw(texts),
        **units,
    }


@st.composite
def text(draw) -> dict:
    accept = draw(st.lists(typed, min_size=1, max_size=3, unique=True))
    return {
        "accept": accept,
        "options": draw(options(fewest=0, text=typed)),
        "feedback": draw(texts),
    }


@st.composite
def order(draw) -> dict:
    found = [{"id": option["id"], "text": option["text"]} for option in draw(options())]
    key = draw(st.permutations([option["id"] for option in found]))
    return {"options": found, "key": key, "feedback": draw(texts)}


@st.composite
def match(draw) -> dict:
    right = draw(
        st.lists(
            words.filter(str.strip).map(lambda word: f"x{word}"),
            min_size=2,
            max_size=4,
            unique_by=_letters,
        )
    )
    found = [{"id": f"o{place}", "text": text} for place, text in enumerate(right)]
    left = draw(st.lists(texts, min_size=2, max_size=4))
    prompts = [{"id": f"q-{place}", "text": text} for place, text in enumerate(left)]
    key = {prompt["id"]: draw(st.sampled_from(found))["id"] for prompt in prompts}
    return {"options": found, "prompts": prompts, "key": key, "feedback": draw(texts)}


@st.composite
def cloze(draw) -> dict:
    kinds = {"single": single(), "numeric": numeric(), "text": text()}
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=3))
    gaps = [
        {
            "id": f"g-{place}",
            "type": kind,
            "weight": draw(st.sampled_from([1, 2, 0.5])),
            **draw(kinds[kind]),
        }
        for place, kind in enumerate(chosen)
    ]
    stem = " and ".join(f"a [[{gap['id']}]] b{draw(words)}" for gap in gaps)
    return {"stem": stem.replace("`", "").replace("\n", " "), "gaps": gaps}


KINDS = {
    "single": single(), "multiple": multiple(), "numeric": numeric(), "text": text(),
    "order": order(), "match": match(), "cloze": cloze(),
}  # fmt: skip


@st.composite
def banks(draw, *, kinds: tuple[str, ...] = tuple(KINDS)) -> Bank:
    """Banks of a few items of every type, their texts full of other formats' signs."""
    items = []
    for place in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(kinds))
        item = {"id": f"item-{place}", "type": kind, "stem": draw(texts), **draw(KINDS[kind])}
        item["points"] = draw(st.sampled_from([1, 0, 2.5, 1000]))
        item["section"] = draw(st.sampled_from(["", "one/two", "a  b]]>"]))
        item["level"] = draw(st.sampled_from([None, "apply"]))
        items.append(item)
    written = Bank.model_validate({"quiz": "made_up", "title": "T::{ & </t>", "items": items})
    made, problems = resolve.items(written.items, {})
    assume(not problems)
    return written.model_copy(update={"items": made})
