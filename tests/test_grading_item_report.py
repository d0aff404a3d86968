"""`course report`: what it says of a class with known parameters, and of hardly any class."""

import csv
import io
import json
import re
import stat
from html.parser import HTMLParser

import pytest
import sample_class
from browser import chromium, needs_chromium
from rich.console import Console
from sample_class import ITEMS, QUIZ, hand_in, played

from course.errors import CourseError
from course.grading import item_page, item_plots, item_report
from course.grading.pseudonyms import pseudonyms

STUDENTS = 120
A4_WIDTH = 718
"""Pixels, without margins of 1 cm: (210 − 20) mm / 25.4 · 96."""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    played(folder, STUDENTS)
    return folder


@pytest.fixture(scope="module")
def report(root):
    return item_report.report(QUIZ, root=root)


@pytest.fixture(scope="module")
def page(report):
    return item_page.page(report)


def few(root, *journals):
    """The report on a course in which so many students have answered so."""
    sample_class.make(root)
    names = [f"s{number}" for number in range(len(journals))]
    for name, answers in zip(names, journals, strict=True):
        hand_in(root, name, [{"item": item, "response": said} for item, said in answers.items()])
    sample_class.graded(root, names)
    return item_report.report(QUIZ, root=root)


def printed(report):
    console = Console(file=io.StringIO(), width=80)
    item_report.say(report, console)
    return console.file.getvalue()


def rows(report):
    return list(csv.DictReader(io.StringIO(item_report.as_csv(report), newline="")))


def kinds(report, item):
    return {flag.kind for flag in report.flags if flag.item == item}


@pytest.mark.parametrize("made", [made for made in ITEMS if made.flag], ids=lambda made: made.id)
def test_each_flaw_that_was_made_is_flagged(report, made):
    found = kinds(report, made.id)
    # An item without any slope lies at 0: chance puts it below or above.
    assert made.flag in found or (made.flag == "revise" and "pull" in found)


def test_good_items_are_not_flagged_and_correlate(report):
    for item in report.figures.items[:4]:
        assert kinds(report, item.question.id) == set()
        assert item.discrimination.low > 0


def test_variants_that_are_not_equally_hard_are_flagged(report):
    assert kinds(report, "number") == {"variants-differ"}
    item = report.figures.items[-2]
    hard, easy = ([v.difficulty for v in item.variants if v.number % 2 == odd] for odd in (0, 1))
    assert max(hard) < min(easy)
    assert item.wrong[0].misconception in ("", "million-vs-thousand")
    assert sum(variant.n for variant in item.variants) == STUDENTS


def test_the_terminal_fits_in_eighty_columns(report):
    text = printed(report)
    assert max(map(len, text.splitlines())) <= 80
    assert "wrong-key" in text and "−0.44" in text and "pull" in text
    assert "• wrong-key: Pull it and check the key" in text
    assert "student000" not in text and "nan" not in text.casefold()


def test_csv_has_a_row_for_each_item_and_one_for_the_quiz(report):
    found = rows(report)
    assert [row["item"] for row in found] == [*sample_class.item_ids(), item_report.WHOLE]
    first = found[0]
    assert float(first["difficulty"]) == pytest.approx(report.figures.items[0].difficulty.value)
    assert (first["n"], first["is_key_C"], first["is_key_A"]) == ("120", "yes", "no")
    shares = [float(first[f"share_{option}"]) for option in "ABCD"]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert float(found[-1]["alpha"]) == pytest.approx(report.figures.alpha.value, abs=1e-5)
    assert item_report.as_csv(report).count("\r\n") == len(found) + 1


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1"])
def test_no_text_in_the_csv_starts_a_formula(report, text):
    assert item_report._cell(text) == f"'{text}"
    assert item_report._cell(-0.4) == "-0.4"  # a number stays one


def test_json_is_json_and_names_nobody(report):
    text = json.dumps(report.as_dict(), allow_nan=False)
    assert "student000" not in text
    assert json.loads(text)["figures"]["n"] == STUDENTS


class Seen(HTMLParser):
    """What a page loads, and whether its parts are named."""

    def __init__(self):
        super().__init__()
        self.loaded, self.tags, self.ids, self.alts = [], [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.loaded += [attrs[name] for name in ("src", "srcset") if name in attrs]
        self.loaded += [attrs["href"]] if tag == "link" else []
        self.alts += [attrs.get("alt", "")] if tag == "img" else []


def test_the_page_is_one_file_without_scripts_and_with_words_for_its_pictures(page):
    seen = Seen()
    seen.feed(page)
    assert all(part.startswith("data:image/svg+xml;base64,") for part in seen.loaded)
    assert not {"script", "link", "iframe", "object"} & set(seen.tags)
    assert "@import" not in page and "url(" not in page
    assert len(seen.alts) == 3 and all(len(alt) > 60 for alt in seen.alts)
    assert seen.tags.count("table") == seen.tags.count("caption") > 10
    assert len(seen.ids) == len(set(seen.ids))
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links <= set(seen.ids)


def test_the_page_escapes_what_it_shows_and_names_nobody(page):
    assert "with a &lt; b &amp; c?" in page and "a < b" not in page
    assert "A class &amp; its quiz" in page
    assert "student000" not in page and "pseudonyms" in page
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", re.sub(r"data:[^\"]+", "", page))


def test_the_same_class_gives_the_same_page(report, page):
    assert item_page.page(report) == page


def test_names_are_shown_when_asked_for(root):
    named = item_report.report(QUIZ, root=root, names=True)
    page = item_page.page(named)
    assert "student000@school" in page and "Students are named." in page


@needs_chromium()
def test_the_page_fits_a_phone_is_dark_on_a_dark_screen_and_light_on_paper(page, tmp_path):
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    with chromium(width=320, height=700) as browser:
        tab = browser.new_page()
        asked = []
        tab.on("request", lambda request: asked.append(request.url.split(":")[0]))
        shown, pictures = [], []
        places = (("light", "screen", 320), ("dark", "screen", 320), ("dark", "print", A4_WIDTH))
        for scheme, media, width in places:
            tab.set_viewport_size({"width": width, "height": 700})
            tab.emulate_media(color_scheme=scheme, media=media)
            tab.goto((tmp_path / "report.html").as_uri())
            shown.append(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
            pictures.append(tab.evaluate("document.querySelector('img').currentSrc"))
            assert tab.evaluate("document.documentElement.scrollWidth") == width
        assert shown == ["rgb(255, 255, 255)", "rgb(28, 28, 28)", "rgb(255, 255, 255)"]
        light, dark, paper = pictures
        assert light == paper != dark
        assert set(asked) <= {"file", "data"}


def test_under_thirty_students_there_is_a_sentence_and_the_csv(tmp_path):
    report = few(tmp_path, {"good-1": "C"}, {"good-1": "A", "good-2": "C"})
    assert "too early for statistics: 2 students answered" in printed(report)
    page = item_page.page(report)
    assert "too early for statistics" in page and "<img" not in page and "Student " in page
    assert report.flags == ()
    assert rows(report)[0]["difficulty"] == "0.5"
    assert rows(report)[0]["difficulty_low"] == ""


def test_one_student_is_reported_without_any_spread(tmp_path):
    report = few(tmp_path, {"good-1": "C"})
    assert report.figures.sd is None
    assert "1 student answered" in printed(report)
    assert rows(report)[-1]["alpha_note"] == "it takes three students and more"
    json.dumps(report.as_dict(), allow_nan=False)


def test_a_class_of_equal_scores_has_its_missing_figures_explained(tmp_path):
    report = few(tmp_path, *[{"good-1": "C"}] * 31)
    text = " ".join(printed(report).split())
    assert "KR-20 is not defined, because all students have the same score." in text
    page = item_page.page(report)
    assert "Alpha is not defined, because all students have the same score." in page
    assert "The discrimination of good-1 is not defined, because all have the same points" in page
    assert "nan" not in re.sub(r"data:[^\"]+", "", page).casefold()
    assert "These are first signs: change an item only from 100 students on." in page


def test_pseudonyms_stay_the_same_in_one_course_and_differ_in_another(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    names = [f"n{number}" for number in range(500)]
    first = pseudonyms(names, root=one)
    assert first == pseudonyms(names, root=one)
    assert first["n0"] == pseudonyms(["n0"], root=one)["n0"]
    assert re.fullmatch(r"Student [0-9A-F]{6}", first["n0"])
    assert len(set(first.values())) == 500
    assert first["n0"] != pseudonyms(["n0"], root=other)["n0"]


def test_the_key_of_pseudonyms_is_private_and_not_for_git(tmp_path):
    pseudonyms(["ada"], root=tmp_path)
    key = tmp_path / ".pseudonyms" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (key.parent / ".gitignore").read_text() == "*\n"
    assert sorted(path.name for path in key.parent.iterdir()) == [".gitignore", "key"]


@pytest.mark.parametrize("content", ["", "short", "00ff"])
def test_a_key_that_is_no_key_is_one_sentence(tmp_path, content):
    (tmp_path / ".pseudonyms").mkdir()
    (tmp_path / ".pseudonyms" / "key").write_text(content)
    with pytest.raises(CourseError, match="all pseudonyms change"):
        pseudonyms(["ada"], root=tmp_path)


def test_a_report_that_cannot_be_written_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="can't be written"):
        item_report.write(tmp_path / "no" / "folder.csv", "x")
    path = item_report.write(tmp_path / "a.csv", "ä\r\n", mark=True)
    assert path.read_bytes() == b"\xef\xbb\xbf\xc3\xa4\r\n"


@pytest.mark.parametrize(
    ("scores", "possible", "first", "last", "bars"),
    [
        ([0, 3], 3, -0.5, 3.5, 4),  # a bar for 0, 1, 2 and 3
        ([0.5, 16], 16, -0.5, 16.5, 17),
        ([0.5, 1], 2, 0.0, 2.0, 10),  # tenths of few points
        ([0, 100], 100, -0.5, 104.5, 21),  # five points a bar
    ],
)
def test_every_score_has_a_bar(scores, possible, first, last, bars):
    edges = item_plots.bins(scores, possible)
    assert (edges[0], edges[-1], len(edges) - 1) == (first, last, bars)
