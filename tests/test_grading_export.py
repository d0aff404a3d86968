"""Scores as tables for a spreadsheet, Canvas and Moodle.

The class: ana 6 of 6 points, a day and 23 hours late at 10 % a started day, so 4.8; bo 5;
the third, with a formula for a name, 0, of which a teacher has still to see one answer; dana was
handed in after the grading.
"""

import csv
import io
import subprocess
import sys

import pytest
import sample_course
from sample_course import hand_in, journal

from course.errors import CourseError
from course.grading import batch, gradebook, roster
from course.grading import export as tables
from course.grading.export import defused, export
from course.grading.late import LatePenalty
from course.grading.recorded import Graded, Recorded

FORMULA = "=HYPERLINK(1)"
NAMES = ("ana", "Łukasz, Jr.", FORMULA)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = sample_course.released(tmp_path_factory.mktemp("course"))
    sample_course.configure(
        root,
        'c.LatePenalty.time_zone = "Europe/Berlin"',
        'c.LatePenalty.due = {"q": "2026-11-19 12:00"}',
        "c.LatePenalty.percent_per_day = 10",
    )
    ana, other, third = NAMES
    hand_in(root, ana)
    in_time = hand_in(root, other, answers=journal(root, q_01="A"))
    (in_time / "timestamp.txt").write_text("2026-11-19 10:00:00.500000 UTC")
    hand_in(root, third, answers=journal(root, q_01="A", q_02=["B"], q_03=None))
    assert batch.grade("q", root=root).ok
    with gradebook.opened(root) as book:
        book.find_grade("q-01", "q", "q", third).needs_manual_grade = True
        book.db.commit()
    hand_in(root, "dana")
    return root


def rows(made) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made.text, newline="")))


def lines(made) -> list[list[str]]:
    return list(csv.reader(io.StringIO(made.text, newline="")))


def class_list(tmp_path, text: str, **how):
    path = tmp_path / "class.csv"
    path.write_text(text, **{"encoding": "utf-8", **how})
    return path


def test_a_spreadsheet_gets_points_penalty_and_times_of_each(root):
    found = {row["student"]: row for row in rows(export(["q"], to="csv", root=root))}
    third, dana, first, other = (found[name] for name in (f"'{FORMULA}", "dana", *NAMES[:2]))
    assert first == {
        "student": "ana", "quiz": "q", "state": "graded", "points": "6", "late_penalty": "1.2",
        "score": "4.8", "max": "6", "to_grade_by_hand": "0",
        "handed_in": "2026-11-21T11:00:00+01:00", "due": "2026-11-19T12:00:00+01:00",
    }  # fmt: skip
    assert (other["student"], other["score"], other["late_penalty"]) == ("Łukasz, Jr.", "5", "0")
    assert (third["state"], third["score"], third["to_grade_by_hand"]) == ("by hand", "0", "1")
    assert (dana["state"], dana["score"], dana["max"]) == ("not graded", "", "6")


def test_what_is_not_final_is_said(root):
    assert export(["q"], to="csv", root=root).remarks == (
        "q: 1 of the hand-ins still have answers to be graded by hand.",
        "q: 1 of the hand-ins have no score, for they are not graded.",
    )


@pytest.mark.parametrize("to", ["csv", "canvas", "moodle"])
def test_no_cell_begins_as_a_formula(root, tmp_path, to):
    people = class_list(
        tmp_path, f'Student,Username,Email address\n"@SUM(1)",ana,-1+1@x.org\n=1+1,"{FORMULA}",+x\n'
    )
    for made in (export(["q"], to=to, root=root), export(["q"], to=to, root=root, roster=people)):
        for row in lines(made):
            assert not [cell for cell in row if cell.startswith(tuple("=+-@\t\r"))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("a;=1+1", "a;'=1+1"),  # where a semicolon separates cells
        ("a\t@x", "a\t'@x"),
        ("a\n-1", "a\n'-1"),
        ("＝1", "'＝1"),
        ("Ana-Maria", "Ana-Maria"),
        ("a, b", "a, b"),
        ("2+2", "2+2"),
    ],
)
def test_a_formula_is_defused_and_other_text_left_alone(text, expected):
    assert defused(text) == expected


def test_canvas_gets_its_columns_its_points_row_and_nothing_else_to_import(root):
    head, points, *people = lines(export(["q"], to="canvas", root=root))
    assert head[:6] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "q"]
    assert points == ["Points Possible", "", "", "", "", "6", "(read only)"]
    assert "Final Points" in head[6]  # Canvas reads past such a column
    assert ["ana", "", "", "ana", "", "4.8", "0"] in people
    assert ["dana", "", "", "dana", "", "", ""] in people


def test_canvas_finds_students_by_the_class_list_that_it_exported(root, tmp_path):
    people = class_list(
        tmp_path,
        "Student,ID,SIS User ID,SIS Login ID,Section,q (77)\n"
        "    Points Possible,,,,,6\n"
        '"Novak, Ana",101,S-1,ana,"Room 1, Mondays",\n'
        '"Jr., Łukasz",102,S-2,lukasz,Room 2,\n'
        '"Absent, Abe",103,S-3,abe,Room 2,\n',
    )
    made = export(["q"], to="canvas", root=root, roster=people)
    found = {row[0]: row for row in lines(made)[2:]}
    assert found["Novak, Ana"] == ["Novak, Ana", "101", "S-1", "ana", "Room 1, Mondays", "4.8", "0"]
    assert "Absent, Abe" not in found and "Points Possible" not in found
    assert "Łukasz, Jr. is not in the class list." in made.remarks


def test_a_student_who_calls_himself_points_possible_sets_no_points(root, tmp_path):
    people = class_list(
        tmp_path, "First name,Last name,Username\nPoints Possible,Mr,ana\nA,B,ana\n"
    )
    assert len(roster.read(people).people) == 1  # Canvas's own line of points is no person
    people = class_list(tmp_path, "Username,Email address\nana,Points Possible\n")
    (ana,) = roster.read(people).people
    assert ana.name == ""


def test_moodle_gets_who_it_is_then_grades_then_what_it_leaves_aside(root):
    head, *people = lines(export(["q"], to="moodle", root=root))
    assert head == [
        "Username", "q", "q: answers to grade by hand", "q: points off for coming late",
    ]  # fmt: skip
    assert ["ana", "4.8", "0", "1.2"] in people
    assert ["dana", "", "", ""] in people


def test_moodle_gets_only_students_it_knows_and_only_columns_that_are_full(root, tmp_path):
    people = class_list(
        tmp_path,
        "\ufeffFull name;ID number;Email address\n"
        "Ana Novak;7;Ana@example.org\nŁukasz, Jr.;;lukasz@example.org\nAbe Absent;9;\n",
    )
    made = export(["q"], to="moodle", root=root, roster=people)
    head, *found = lines(made)
    assert head[:2] == ["Email address", "q"]  # one ID number is missing: Moodle would go astray
    assert [row[:2] for row in found] == [["Ana@example.org", "4.8"], ["lukasz@example.org", "5"]]
    assert made.remarks[-1] == f"Left out, for Moodle refuses the whole file: {FORMULA}, dana."


def test_moodle_without_any_full_column_is_refused(root, tmp_path):
    people = class_list(tmp_path, "Student,Section\nana,1\n")
    with pytest.raises(CourseError, match="Moodle needs a user name"):
        export(["q"], to="moodle", root=root, roster=people)


def test_the_class_list_adds_columns_and_those_who_handed_nothing_in(root, tmp_path):
    people = class_list(tmp_path, "student\tgroup\temail\nANA\t1\tana@x.org\nzoe\t2\tzoe@x.org\n")
    found = {row["name"] or row["student"]: row
             for row in rows(export(["q"], to="csv", root=root, roster=people))}  # fmt: skip
    assert (found["ANA"]["student"], found["ANA"]["email"]) == ("ana", "ana@x.org")
    assert (found["zoe"]["student"], found["zoe"]["state"]) == ("", "not handed in")
    assert found["dana"]["email"] == ""


def test_names_that_are_not_clear_are_told_and_given_to_nobody(root, tmp_path):
    people = class_list(tmp_path, "student,id\nana,1\nAna,2\ndana,3\n")
    found, said = roster.read(people).find(["ana", "dana", "DANA"])
    assert found == {}
    assert said == ["2 people are called ana in the class list.",
                    "dana and DANA are one person in the class list."]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ana@x.org", "email\nana@x.org"),
        ("ana", "email\nana@x.org"),
        ("Ana Novak", 'student,id\n"Novak, Ana",1'),
        ("ana  novak", "Last name,First name\nNovak,Ana"),
        ("Zoe\u0308", "student\nZo\u00eb"),  # one letter or a letter and its dots
        ("007", "SIS User ID,student\n007,James"),
    ],
)
def test_a_hand_in_is_found_by_any_of_the_names_of_a_person(tmp_path, name, text):
    found, said = roster.read(class_list(tmp_path, text)).find([name])
    assert list(found) == [name] and said == []


def test_a_class_list_saved_by_excel_as_unicode_text_is_read(tmp_path):
    people = class_list(tmp_path, "Student\tID\nŁukasz\t7\n", encoding="utf-16")
    assert roster.read(people).people[0].known == {"student": "Łukasz", "id": "7"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no column that names students"),
        (b"points,comment\n1,2\n", "no column that names students"),
        (b"student\n\xff\xfe\xfa\n", "no CSV file in UTF-8"),
    ],
)
def test_a_class_list_that_is_none_is_one_sentence(tmp_path, content, said):
    (tmp_path / "class.csv").write_bytes(content)
    with pytest.raises(CourseError, match=said):
        roster.read(tmp_path / "class.csv")
    with pytest.raises(CourseError, match="can't be read"):
        roster.read(tmp_path / "missing.csv")


def test_what_is_not_there_is_one_sentence(root, tmp_path):
    with pytest.raises(CourseError, match="no format 'excel'"):
        export(["q"], to="excel", root=root)
    with pytest.raises(CourseError, match="no quiz nope"):
        export(["nope"], to="csv", root=root)
    empty = sample_course.released(tmp_path)
    with pytest.raises(CourseError, match="Nothing is graded of q"):
        export(["q"], to="csv", root=empty)


def test_several_quizzes_stand_side_by_side_for_canvas_and_below_each_other_in_csv(
    root, monkeypatch
):
    def one(student, points):
        grades = {"i": Graded(points, 6.0, points, None, False)}
        return Recorded(student, None, None, grades=grades)

    found = {"q": {"ana": one("ana", 6.0)}, "r": {"ana": one("ana", 2.5), "bo": one("bo", 1 / 3)}}
    monkeypatch.setattr(tables, "_check", lambda *_: None)
    monkeypatch.setattr(tables, "_recorded", lambda *_: (LatePenalty(), found))
    _, _, *people = lines(export(["q", "r"], to="canvas", root=root))
    assert [row[5:] for row in people] == [
        ["6", "2.5", "0", "0"], ["", "0.3333", "", "0"],
    ]  # fmt: skip
    listed = [(row["student"], row["quiz"], row["state"], row["score"])
              for row in rows(export(["q", "r"], to="csv", root=root))]  # fmt: skip
    assert listed == [
        ("ana", "q", "graded", "6"), ("ana", "r", "graded", "2.5"),
        ("bo", "q", "not handed in", ""), ("bo", "r", "graded", "0.3333"),
    ]  # fmt: skip


def test_the_command_prints_the_table_or_writes_it(root, tmp_path):
    code = "from course.cli import main; main()"
    printed = subprocess.run(
        [sys.executable, "-c", code, "export", "--all", "--to", "canvas"],
        cwd=root, capture_output=True,
    )  # fmt: skip
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout == export(["q"], to="canvas", root=root).text.encode()
    assert b"to be graded by hand" in printed.stderr
    out = tmp_path / "scores.csv"
    written = subprocess.run(
        [sys.executable, "-c", code, "export", "q", "--out", str(out)],
        cwd=root, capture_output=True,
    )  # fmt: skip
    assert (written.returncode, written.stdout) == (0, b"")
    assert out.read_bytes() == b"\xef\xbb\xbf" + export(["q"], to="csv", root=root).text.encode()
