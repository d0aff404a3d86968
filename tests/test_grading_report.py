"""Feedback pages and scores."""

import re
import shutil
import subprocess
import sys

import nbformat
import pytest
import sample_course
from sample_course import hand_in, journal, notebook_of, with_code

from course.errors import CourseError
from course.grading import batch, report

SHOW = """
from IPython.display import HTML, Javascript, display
display(HTML('<script>alert("mark-1")</script><b>bold</b>'), Javascript('alert("mark-2")'))
print('<script>alert("mark-3")</script>')
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The course's folder and the pages by student."""
    root = sample_course.released(tmp_path_factory.mktemp("course"))
    noisy = with_code(root, SHOW)
    noisy.cells.append(nbformat.v4.new_markdown_cell('<script>alert("mark-4")</script>'))
    noisy.cells.append(
        nbformat.v4.new_markdown_cell("[x](javascript:alert(5)) <img src=x onerror=y>")
    )
    raw = nbformat.v4.new_raw_cell('<script>alert("mark-6")</script>')
    noisy.cells.append(raw)
    hand_in(root, "noisy", notebook=noisy, answers=journal(root, q_01="<script>mark-7</script>"))
    wrong = {"q_01": "A", "q_02": ["B"], "q_03": {"value": 1, "unit": "USD"}}
    hand_in(root, "wrong", notebook=notebook_of(root), answers=journal(root, **wrong))
    (root / "submitted" / "wrong" / "q" / "submission_secret.txt").write_text("secret")
    batch.grade("q", root=root)
    return root, {page.parent.parent.name: page for page in report.feedback("q", root=root)}


def test_each_student_has_a_page_and_nothing_else_beside_it(pages):
    root, found = pages
    assert list(found) == ["noisy", "wrong"]
    names = sorted(path.name for path in (root / "feedback" / "wrong" / "q").iterdir())
    assert names == ["q.html", "submission_secret.txt", "timestamp.txt"]


def test_a_page_runs_nothing_of_the_students(pages):
    text = pages[1]["noisy"].read_text()
    for number in range(1, 8):
        assert f"<script>alert(&quot;mark-{number}" not in text
        assert f'<script>alert("mark-{number}' not in text
    assert "<script>mark" not in text
    assert "<img" not in text and 'href="javascript' not in text
    assert "<b>bold</b>" in text
    assert "&lt;script&gt;" in text  # what was printed is shown as text


def test_a_page_shows_answers_points_and_reasons_and_no_key(pages):
    text = pages[1]["wrong"].read_text()
    assert "0 of 1 points. Another option is right." in text
    assert "1 USD" in text
    assert "Said of any other number." in text  # what the bank says to this answer
    for secret in (sample_course.KEY_IN_WORDS, "SECRET", "mix-up", "the right number"):
        assert secret not in text


def test_money_is_not_taken_for_a_formula(pages):
    assert pages[1]["wrong"].read_text().count('class="tex2jax_ignore') == 3


def test_a_page_begins_with_the_total_and_each_questions_state(pages):
    top = pages[1]["wrong"].read_text().partition("</table>")[0]
    assert "0 of 6 points" in top
    rows = re.findall(r'<a href="#(q-0\d)">.*?<td class="state (\w+)">', top)
    assert rows == [("q-01", "wrong"), ("q-02", "wrong"), ("q-03", "wrong")]
    assert "invalid" in pages[1]["noisy"].read_text().partition("</table>")[0]


def test_a_page_loads_nothing_and_needs_no_network(pages):
    for page in pages[1].values():
        text = page.read_text()
        assert "<script" not in text and "<link" not in text
        assert not re.search(r"""(src|href)=["'](?!#|data:)""", text)
        assert "default-src 'none'" in text
        assert "Test cell" not in text


def test_a_page_is_made_for_light_and_dark(pages):
    text = pages[1]["wrong"].read_text()
    assert "prefers-color-scheme: dark" in text and 'content="light dark"' in text


def test_nbgraders_own_command_writes_the_same_pages(pages, tmp_path):
    root, found = pages
    course = shutil.copytree(root, tmp_path / "course")
    shutil.rmtree(course / "feedback")
    sample_course.configure(course)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_feedback", "q"],
        cwd=course,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    theirs = course / "feedback" / "wrong" / "q" / "q.html"
    assert theirs.read_text() == found["wrong"].read_text()


def test_scores_are_a_table(pages):
    noisy, wrong = report.scores("q", root=pages[0])
    assert noisy == report.Score("noisy", 5.0, 6.0, by_hand=False)
    assert wrong == report.Score("wrong", 0.0, 6.0, by_hand=False)


def test_feedback_without_grades_is_one_sentence(tmp_path):
    root = sample_course.released(tmp_path)
    with pytest.raises(CourseError, match="run `course grade q`"):
        report.feedback("q", root=root)
    assert report.scores("q", root=root) == []
