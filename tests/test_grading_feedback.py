"""What a feedback page shows, keeps to itself, and when it is made again."""

import json
import re

import nbformat
import pytest
import sample_course
import sample_every_type as every
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sample_course import hand_in, journal, line

from course.errors import CourseError
from course.grading import batch, feedback, gradebook, report
from course.grading.late import LatePenalty
from course.grading.recorded import Graded, Recorded
from course.grading.shown import REMARKS

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "<svg onload=alert(3)>",
    "[x](javascript:alert(4))",
    "</pre><script>alert(5)</script>",
    '"><script>alert(6)</script>',
    "<iframe src=https://evil.example></iframe>",
    "<meta http-equiv=refresh content=0>",
    "\n\n[x](javascript:alert(8))\n\n<base href=//evil.example>",
)
RUNS = re.compile(r"<(script|svg|iframe|base|object|embed|form)|<img src=x|<[^>]+\son\w+\s*=", re.I)


def made(*cells, **recorded) -> str:
    """The page of a notebook with these cells."""
    found = Recorded("ana", None, None, **recorded)
    notebook = new_notebook(cells=list(cells))
    return feedback.page(notebook, found, quiz="q", policy=LatePenalty())


def body(page: str) -> str:
    return page.partition("<main>")[2]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_a_students_runs_wherever_it_stands(attack):
    outputs = [
        new_output("stream", name="stdout", text=attack),
        new_output("error", ename=attack, evalue=attack, traceback=[attack]),
        new_output("display_data", {"text/html": attack, "application/javascript": attack}),
        new_output("display_data", {"image/svg+xml": attack, "text/plain": attack}),
        new_output("display_data", {"image/png": attack}),
        new_output("display_data", {"text/html": attack}, metadata={"course": {"item": "q-01"}}),
    ]
    page = made(
        new_code_cell(attack, outputs=outputs),
        new_markdown_cell(f"<pre>{attack.replace('<', '&lt;')}</pre>"),
        new_markdown_cell("<ul><li>" + attack.replace("<", "&lt;") + "</li></ul>", id=REMARKS),
    )
    assert not RUNS.search(body(page))
    assert 'href="javascript' not in page
    assert page.count("<script") == page.count("<meta http-equiv=refresh") == 0


def test_a_students_text_is_shown_as_it_was_written():
    page = made(new_markdown_cell("<pre># no heading\n\n* no list $5\n\n[x](y)</pre>"))
    assert "<pre># no heading\n\n* no list $5\n\n[x](y)</pre>" in page


def test_pictures_are_shown_with_words_in_their_place():
    picture = new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"})
    page = made(new_code_cell("plot()", outputs=[picture]))
    assert (
        '<img src="data:image/png;base64,iVBORw0KGgo=" alt="A picture that the code showed">'
        in page
    )


def test_colours_of_a_terminal_are_left_out():
    shown = new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m")
    assert '<pre class="shown">red</pre>' in made(new_code_cell("x", outputs=[shown]))


def test_a_comment_that_says_nothing_is_not_there_and_a_teachers_is():
    mark = {"nbgrader": {"grade_id": "write-it", "grade": False, "solution": True}}
    cells = new_code_cell("pass", metadata=mark), new_markdown_cell("Mine", metadata=mark)
    assert "Your teacher says" not in made(*cells)
    page = made(*cells, comments={"write-it": "Good <b>work</b>."})
    assert page.count("Your teacher says:</strong> Good &lt;b&gt;work&lt;/b&gt;.") == 2


def test_a_page_says_who_it_is_for_and_what_is_open():
    graded = {"q-01": Graded(2.0, 3.0, None, 2.0, False)}
    page = made(penalty=1.0, grades=graded)
    assert "<title>q: feedback for ana</title>" in page
    assert "1 of 3 points" in page
    assert "Handed in" not in page


def test_marks_that_are_not_in_the_gradebook_are_no_page():
    cell = sample_course.ask("q-01")
    with pytest.raises(CourseError, match="grade it again"):
        made(cell)
    with pytest.raises(CourseError, match="grade it again"):
        feedback.page(new_notebook(), None, quiz="q", policy=LatePenalty())


@pytest.fixture
def course(tmp_path):
    """Two graded hand-ins; what the grader noticed of the second is told."""
    root = sample_course.released(tmp_path / "course")
    hand_in(root, "ana")
    strange = line("</li></ul>\n\n<script>alert(9)</script>", "A", seq=9)
    hand_in(root, "bo", answers=journal(root, q_01="A") + strange)
    assert batch.grade("q", root=root).ok
    return root


def stamps(pages) -> dict[str, int]:
    return {path.parent.parent.name: path.stat().st_ino for path in pages}


def test_a_page_says_what_the_grader_noticed(course):
    ana, bo = (path.read_text() for path in report.feedback("q", root=course))
    assert "What the grader noticed" not in ana
    noticed = bo.partition('<section class="noticed">')[2].partition("</section>")[0]
    assert "questions that the quiz does not have" in noticed
    assert "<script" not in noticed


def test_only_what_has_changed_is_written_again(course):
    first = stamps(report.feedback("q", root=course))
    assert stamps(report.feedback("q", root=course)) == first
    with gradebook.opened(course) as book:
        book.find_grade("q-01", "q", "q", "bo").manual_score = 1.0
        book.db.commit()
    second = stamps(report.feedback("q", root=course))
    assert second["ana"] == first["ana"] and second["bo"] != first["bo"]
    assert "graded by your teacher" in (course / "feedback/bo/q/q.html").read_text()


def test_a_page_that_was_lost_or_changed_is_written_again(course):
    ana, bo = report.feedback("q", root=course)
    texts = ana.read_text(), bo.read_text()
    ana.unlink()
    bo.write_text("cut off")
    (ana.parent / "left.part").write_text("by a run that was killed")
    report.feedback("q", root=course)
    assert (ana.read_text(), bo.read_text()) == texts
    assert not (ana.parent / "left.part").exists()


@pytest.mark.parametrize("memory", [b"", b"[]", b'{"ana": 7, "bo": [1, 2, 3]}', b"\xff"])
def test_a_damaged_memory_costs_time_and_nothing_else(course, memory):
    pages = report.feedback("q", root=course)
    texts = [path.read_text() for path in pages]
    (course / "feedback" / ".made-q.json").write_bytes(memory)
    assert [path.read_text() for path in report.feedback("q", root=course)] == texts


def test_one_damaged_notebook_costs_no_other_page(course):
    report.feedback("q", root=course)
    graded = course / "autograded" / "ana" / "q" / "q.ipynb"
    graded.chmod(0o644)
    graded.write_text("{")
    with pytest.raises(CourseError, match="ana: its graded notebook is damaged"):
        report.feedback("q", root=course)
    assert not (course / "feedback/ana/q/q.html").exists()
    assert (course / "feedback/bo/q/q.html").exists()


def test_what_is_not_graded_any_more_has_no_page(course):
    report.feedback("q", root=course)
    (course / "autograded" / "ana" / "q" / "q.ipynb").rename(course / "away.ipynb")
    (page,) = report.feedback("q", root=course)
    assert page.parent.parent.name == "bo"
    assert not (course / "feedback" / "ana" / "q").exists()


def test_pages_of_every_type_hold_no_key_and_no_hidden_case(tmp_path):
    root = tmp_path / "course"
    root.mkdir()
    every.released(root)
    for student in ("half", "wrong", "silent"):
        every.hand_in(root, student, functions={})
    batch.grade(every.QUIZ, root=root)
    pages = {
        path.parent.parent.name: path.read_text() for path in report.feedback(every.QUIZ, root=root)
    }
    for student in ("wrong", "silent"):
        assert not [secret for secret in every.SECRETS if secret in pages[student]]
    assert "No response." not in "".join(pages.values())
    for student, page in pages.items():
        titles = re.findall(r"feedback for (\w+)<", page)
        assert titles == [student, student]


def test_the_memory_of_pages_names_no_marks(course):
    report.feedback("q", root=course)
    noted = json.loads((course / "feedback" / ".made-q.json").read_text())
    assert sorted(noted) == ["ana", "bo"]
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for made in noted.values() for digest in made)


def test_a_graded_notebook_is_not_changed_by_its_page(course):
    graded = course / "autograded" / "ana" / "q" / "q.ipynb"
    before = graded.read_bytes()
    report.feedback("q", root=course)
    assert graded.read_bytes() == before
    nbformat.validate(nbformat.read(graded, as_version=4))
