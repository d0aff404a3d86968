"""An item report as one HTML page: no part of it comes from elsewhere, and no script is in it."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template

from course.grading.item_plots import Plot, plots
from course.grading.item_report import Report, signed, spelt, undefined
from course.grading.item_tables import Cell, link, table
from course.grading.responses import LONGEST_GAP_S
from course.quiz.statistics import EARLY
from course.quiz.statistics_flags import (
    ACT,
    DEAD,
    EASY,
    HARD,
    KEEP,
    RELIABLE,
    RELIABLE_FROM_ITEMS,
    REVISE,
    verdict,
)
from course.quiz.statistics_intervals import DRAWS, RESAMPLES
from course.quiz.statistics_records import Calibration, ItemFigures, QuizFigures

_PAGE = Path(__file__).with_suffix(".html")
_LIMITS = {
    "early": EARLY,
    "act": ACT,
    "resamples": f"{RESAMPLES:,}",
    "draws": f"{DRAWS:,}",
    "minutes": f"{LONGEST_GAP_S / 60:.0f}",
    "hard": f"{HARD:.2f}",
    "easy": f"{EASY:.2f}",
    "keep": f"{KEEP:.2f}",
    "revise": f"{REVISE:.2f}",
    "dead": f"{100 * DEAD:.0f}",
    "reliable": f"{RELIABLE:.2f}",
    "reliable_items": RELIABLE_FROM_ITEMS,
}
"""The numbers in the page's own words."""


def page(report: Report) -> str:
    """The report as a page that can be kept, printed or sent as the one file it is."""
    found = report.responses
    named = all(name == shown for name, shown in report.names.items())
    title = f"Item report: {found.title or found.quiz}"
    who = "Students are named." if named else "Students appear under pseudonyms."
    body = "\n".join([_opening(report), *_figures(report)])
    text = Template(_PAGE.read_text(encoding="utf-8"))
    return text.substitute(
        _LIMITS, title=escape(title), who=who, body=body, students=_students(report)
    )


def _opening(report: Report) -> str:
    figures = report.figures
    students = f"{figures.n} student{'s' * (figures.n != 1)}"
    items = f"{len(figures.items)} item{'s' * (len(figures.items) != 1)}"
    said = [f"{students} answered {items} of the quiz {report.responses.quiz}.", report.early]
    said += report.responses.remarks
    if any(item.question.first_counts for item in figures.items):
        said.append(
            "Feedback shows at once, so figures count each student's first answer to an item; "
            "grades count as the gradebook has them."
        )
    return "\n".join(f"<p>{escape(one)}</p>" for one in said if one)


def _figures(report: Report) -> Iterator[str]:
    if report.early:
        return
    pictures = plots(report)
    yield _section("What to look at", _flags(report))
    yield _section("The whole quiz", _quiz(report.figures), _picture(pictures[0]))
    yield _section("The items", _items(report), *map(_picture, pictures[1:]))
    yield _section("Item by item", *(_item(item, report) for item in report.figures.items))


def _section(title: str, *parts: str) -> str:
    return "\n".join([f"<section><h2>{escape(title)}</h2>", *parts, "</section>"])


def _flags(report: Report) -> str:
    if not report.flags:
        return "<p>No item is flagged.</p>"
    rows = [
        f"<li>{link(flag.item) if flag.item else '<strong>The quiz</strong>'}: "
        f"{escape(flag.words)}</li>"
        for flag in report.flags
    ]
    advice = f"<p>{escape(report.advice)}</p>" if report.advice else ""
    return f'{advice}<ul class="flags">{"".join(rows)}</ul>'


def _picture(plot: Plot) -> str:
    """In two versions; what is printed is the light one."""
    return (
        f'<figure tabindex="0"><figcaption>{escape(plot.title)}</figcaption><picture>'
        f'<source media="screen and (prefers-color-scheme: dark)" srcset="{plot.dark}">'
        f'<img src="{plot.light}" alt="{escape(plot.alt)}"></picture></figure>'
    )


def _quiz(figures: QuizFigures) -> str:
    name = "KR-20 (alpha of items that are right or wrong)" if figures.is_kr20 else "Alpha"
    rows: list[Sequence[Cell]] = [
        ("Students", str(figures.n)),
        ("Points that can be had", f"{figures.possible:g}"),
        ("Mean of the graded points", f"{figures.mean:.2f}"),
        ("Standard deviation of the graded points", f"{figures.sd:.2f}"),
        (name, spelt(figures.alpha)),
        ("Standard error of measurement, in points", spelt(figures.sem)),
    ]
    missing = [
        undefined(about, figure)
        for about, figure in (("Alpha", figures.alpha), ("The standard error", figures.sem))
    ]
    if figures.left_out:
        missing.append(f"Not in the sums until a person has marked: {', '.join(figures.left_out)}.")
    words = "".join(f"<p>{escape(one)}</p>" for one in missing if one)
    return table("The quiz in numbers", ("Figure", "#Value"), rows) + words


def _items(report: Report) -> str:
    heads = ("Item", "#Answers", "#Blank", "#Difficulty", "#Discrimination", "So",
             "#Seconds", "#Saved", "#Graded")  # fmt: skip
    rows = [
        (
            item.question.id,
            item.n,
            item.omitted,
            spelt(item.difficulty),
            spelt(item.discrimination),
            verdict(item) or "–",
            _number(item.seconds, "{:.0f}"),
            _number(item.events, "{:.1f}"),
            _number(item.graded, "{:.2f}"),
        )
        for item in report.figures.items
    ]
    missing = [
        undefined(f"The {name} of {item.question.id}", figure)
        for item in report.figures.items
        for name, figure in (
            ("difficulty", item.difficulty),
            ("discrimination", item.discrimination),
        )
    ]
    words = "".join(f"<p>{escape(one)}</p>" for one in missing if one)
    caption = "Each item, with 95 % intervals in brackets (a dash: not defined or not known)"
    return table(caption, heads, rows, linked=True) + words


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _item(item: ItemFigures, report: Report) -> str:
    question = item.question
    flagged = [flag.words for flag in report.flags if flag.item == question.id]
    parts = [f'<h3 id="item-{escape(question.id)}">{escape(question.id)} ({question.type})</h3>']
    parts += [f'<p class="stem">{escape(question.stem)}</p>']
    parts += [f'<p class="flagged">⚑ {escape(words)}</p>' for words in flagged]
    parts += [_options(item)] if item.options else []
    parts += [_wrong(item)] if item.wrong else []
    parts += [_confidence(item.calibration)] if item.calibration else []
    parts += [_variants(item)] if item.variants else []
    if item.waiting:
        parts.append(f"<p>{item.waiting} answer(s) wait for a person.</p>")
    return "\n".join(parts)


def _options(item: ItemFigures) -> str:
    rows = [
        (
            use.option.id,
            use.option.text,
            "right" if use.option.right else "",
            use.count,
            f"{100 * use.share:.0f} %" + (", dead" if _is_dead(item, use) else ""),
            _number(use.rest, "{:.2f}"),
            use.option.misconception,
        )
        for use in item.options
    ]
    heads = ("Option", "Text", "Key", "#Chosen", "#Share", "#Rest score", "Misconception")
    return table(f"Who chose what in {item.question.id}", heads, rows)


def _is_dead(item: ItemFigures, use) -> bool:
    return not use.option.right and use.share < DEAD


def _wrong(item: ItemFigures) -> str:
    rows = [(one.value, one.count, one.misconception) for one in item.wrong]
    caption = f"The most frequent wrong answers to {item.question.id}, given by two and more"
    return table(caption, ("Answer", "#Students", "Misconception"), rows)


def _confidence(said: Calibration) -> str:
    shares = {
        "sure": (said.sure, said.right_when_sure),
        "guessing": (said.guess, said.right_when_guessing),
    }
    words = [
        f"{number} were {how}, {100 * share:.0f} % of them fully right"
        for how, (number, share) in shares.items()
        if share is not None
    ]
    wrong = f"{100 * said.sure_and_wrong:.0f} % were sure and wrong"
    return f"<p>{'; '.join(words)}. Of all who said how sure they were, {wrong}.</p>"


def _variants(item: ItemFigures) -> str:
    rows = [(f"{one.number}", one.n, signed(one.difficulty)) for one in item.variants]
    shown = table(
        f"The variants of {item.question.id}", ("Variant", "#Students", "#Difficulty"), rows
    )
    if item.variants_p is None:
        return f"{shown}<p>Too little to say whether they differ more than by chance.</p>"
    chance = "under 0.001" if item.variants_p < 0.001 else f"{item.variants_p:.3f}"
    return (
        f"{table}<p>If all were equally hard, they would differ so much with chance {chance}.</p>"
    )


def _students(report: Report) -> str:
    possible = f"{report.figures.possible:g}"
    rows = [(name, f"{points:g}", possible) for name, points in report.scores()]
    return _section("The students", table("Graded points", ("Student", "#Points", "#Of"), rows))
