"""Files from strangers: nothing reaches out, blows up or gets through without a clear sentence."""

import io
import time
import zipfile

import pytest
from exchange import samples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.quiz import exchange, markup
from course.quiz.exchange import markdown, package, richtext, safe_xml

QTI = (samples.FOLDER / "foreign.qti12.xml").read_bytes()
SEEDS = [
    QTI,
    (samples.FOLDER / "foreign.gift.txt").read_bytes(),
    (samples.FOLDER / "foreign.moodle.xml").read_bytes(),
    *(exchange.export(samples.every_type(), to).content for to in exchange.FORMATS),
]


def refused(folder, content: bytes, name: str = "file.xml") -> str:
    """The sentence with which the file is refused."""
    path = folder / name
    path.write_bytes(content)
    with pytest.raises(CourseError) as error:
        exchange.read(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def zipped(*entries: tuple[str, bytes], **changes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            for field, value in changes.items():
                setattr(entry, field, value)
            archive.writestr(entry, content)
    return packed.getvalue()


ESSAY = (
    '<quiz><question type="essay"><questiontext><text>{}</text></questiontext></question></quiz>'
)
LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [
 <!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">
]>
<quiz>&c;</quiz>"""
OUTSIDE = b"""<?xml version="1.0"?>
<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<quiz>&x;</quiz>"""
PARAMETER = b"""<?xml version="1.0"?>
<!DOCTYPE quiz [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]>
<quiz/>"""


@pytest.mark.parametrize("content", [LAUGHS, OUTSIDE, PARAMETER])
def test_a_document_type_with_content_is_refused_before_anything_in_it_is_read(tmp_path, content):
    said = refused(tmp_path, content)
    assert said.startswith("file.xml, line 2: the file brings a document type of its own")


def test_a_document_type_that_is_only_named_is_not_fetched(tmp_path):
    assert b"<!DOCTYPE questestinterop SYSTEM" in QTI
    (tmp_path / "file.xml").write_bytes(QTI)
    assert exchange.read(tmp_path / "file.xml").bank_toml


def test_letters_that_html_names_are_read_and_unknown_names_are_not(tmp_path):
    asked = '<!DOCTYPE quiz SYSTEM "x">' + ESSAY
    (tmp_path / "file.xml").write_text(asked.format("a&eacute;b"))
    assert "aéb" in exchange.read(tmp_path / "file.xml").bank_toml
    assert "uses the unknown entity &laugh;" in refused(tmp_path, asked.format("&laugh;").encode())


def test_deep_nesting_is_refused_with_its_line(tmp_path):
    said = refused(tmp_path, b"<quiz>\n" + b"<a>" * 100_000)
    assert said == (
        "file.xml, line 2: the file nests more than 100 elements into each other, "
        "which is not accepted."
    )


def test_too_many_elements_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(safe_xml, "MOST_ELEMENTS", 1000)
    assert "more than 1,000 elements" in refused(tmp_path, b"<quiz>" + b"<a/>" * 1000 + b"</quiz>")


def test_too_many_questions_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("course.quiz.exchange.draft.MOST_ITEMS", 20)
    assert "more than 20 questions" in refused(tmp_path, b"a{=1 ~2}\n\n" * 21, "many.txt")


def test_a_file_that_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("course.quiz.exchange.reading.MOST_BYTES", 1000)
    assert "a quiz is a file of at most" in refused(tmp_path, b"x" * 1001)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<quiz>\n<question", "line 2: this is not valid XML (unclosed token)."),
        (b"<quiz>\n<question></quiz>", "line 2: this is not valid XML (mismatched tag)."),
        (b"<quiz>\n\xff</quiz>", "(not well-formed (invalid token))."),
        (b'<?xml version="1.0" encoding="klingon"?><quiz/>', "save it as UTF-8"),
        (b"<html></html>", "line 1: <html> found, expected <questestinterop>"),
        (b"<quiz></quiz>", "holds no question that can be read."),
        (b'<quiz>\n\n<question type="numerical"><answer fraction="100"><text>two</text></answer>'
         b"</question></quiz>", "line 3: 'two' found, expected a number and its tolerance."),
        (b"", "holds no question that can be read."),
    ],
)  # fmt: skip
def test_broken_xml_is_told_with_its_line(tmp_path, content, said):
    assert said in refused(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("fine {=a ~b}\n\nWhat {=a ~b\n", "file.txt, line 3: a { or } is missing"),
        ("What }=a ~b{\n", "line 1: a { or } is missing"),
        ("a {=b ~c} d {=e ~f}\n", "line 1: a question has one pair of { }"),
        ("How many? {#about two}\n", "line 1: 'about two' found, expected a number such as 1.5"),
        ("Pairs {=a -> b =c}\n", "line 1: 'c' found, expected a pair such as =left -> right."),
        ("ok\n\xff".encode("latin-1"), "file.txt, line 2: save the file as UTF-8."),
    ],
)
def test_broken_gift_is_told_with_its_line(tmp_path, content, said):
    assert said in refused(
        tmp_path, content if isinstance(content, bytes) else content.encode(), "file.txt"
    )


def test_other_encodings_of_xml_are_read(tmp_path):
    text = '<?xml version="1.0" encoding="{}"?>' + ESSAY.format("é")
    for name in ("utf-16", "iso-8859-1", "windows-1252", "utf-8-sig"):
        declared = "utf-8" if name == "utf-8-sig" else name
        (tmp_path / "file.xml").write_bytes(text.format(declared).encode(name))
        assert 'stem = "é"' in exchange.read(tmp_path / "file.xml").bank_toml


OUT = ["../evil.xml", "/evil.xml", "a/../../b.xml", "C:evil.xml", "a\\b.xml", "../evil.txt"]


@pytest.mark.parametrize("name", OUT)
def test_paths_that_lead_out_of_a_zip_are_refused(tmp_path, name):
    packed = zipped(("quiz.xml", QTI), (name, QTI))
    assert "is a path that leads out of the package" in refused(tmp_path, packed, "quiz.zip")


def test_links_in_a_zip_are_refused(tmp_path):
    packed = zipped(("quiz.xml", b"/etc/passwd"), external_attr=0o120777 << 16)
    assert "is a link" in refused(tmp_path, packed, "quiz.zip")


def test_a_zip_bomb_is_refused_by_what_it_says_and_by_what_it_is(tmp_path, monkeypatch):
    packed = zipped(("quiz.xml", b" " * 30_000_000))
    assert "would unpack to 30 MB" in refused(tmp_path, packed, "quiz.zip")
    monkeypatch.setattr(package, "MOST_UNPACKED", 10_000)
    lied = zipped(*((f"{name}.xml", b"<a/>" + b" " * 9_000) for name in "ab"))
    assert "unpacks to too much" in refused(tmp_path, lied, "quiz.zip")


def test_too_many_files_and_two_of_one_name_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "MOST_FILES", 3)
    many = zipped(*((f"{name}.txt", b"") for name in "abcd"))
    assert "holds 4 files" in refused(tmp_path, many, "quiz.zip")
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped(("a.xml", QTI), ("a.xml", QTI))
    assert "two files of one name" in refused(tmp_path, twice, "quiz.zip")


def test_half_a_zip_and_an_empty_one_are_told(tmp_path):
    whole = zipped(("quiz.xml", QTI))
    assert "is a damaged zip" in refused(tmp_path, whole[: len(whole) // 2], "quiz.zip")
    assert "holds no QTI 1.2 quiz" in refused(tmp_path, zipped(("a.txt", b"")), "quiz.zip")


def test_a_broken_file_in_a_zip_is_told_with_its_line(tmp_path):
    said = refused(tmp_path, zipped(("in/quiz.xml", b"<a>\n<b>")), "quiz.zip")
    assert said.startswith("in/quiz.xml in quiz.zip, line 2: this is not valid XML")


def test_a_folder_a_link_and_nothing_are_refused(tmp_path):
    (tmp_path / "link.xml").symlink_to(samples.FOLDER / "foreign.qti12.xml")
    for name in ("link.xml", "nothing.xml", "."):
        with pytest.raises(CourseError):
            exchange.read(tmp_path / name)


def test_a_comment_of_ours_is_not_trusted(tmp_path):
    notes = '// course-bank: {"options": ["x", "../y"], "points": 1e9, "quiz": "a/b", "gaps": 3}\n'
    (tmp_path / "q.txt").write_text(f"{notes}::one::a{{=1 ~2}}\n", encoding="utf-8")
    draft = samples.load(exchange.read(tmp_path / "q.txt").bank_toml)
    assert draft.quiz == "q"
    assert [option.id for option in draft.items[0].options] == ["A", "B"]
    assert draft.items[0].points == 1


def test_names_and_losses_cannot_break_out_of_the_drafts_comments(tmp_path):
    asked = """<quiz><question type="x"><name><text>a&#10;quiz = "evil"</text></name></question>
    <question type="essay"><questiontext><text>a</text></questiontext></question></quiz>"""
    (tmp_path / "f.xml").write_text(asked)
    assert samples.load(exchange.read(tmp_path / "f.xml").bank_toml).quiz == "f"


PIECES = ["<", "<!--", "<a ", "<p>", "&", "<b>", "<ul>", "<li>", "*a", "`", "<pre>", "x`", "&#96;"]


@pytest.mark.parametrize("piece", PIECES)
def test_long_and_crooked_texts_take_no_long_time(piece):
    start = time.perf_counter()
    richtext.from_html("a" + piece * (30_000 // len(piece)))
    markdown.from_plain("a" + piece * (30_000 // len(piece)))
    written, _ = markdown.from_markdown("a" + piece * (30_000 // len(piece)))
    markup.parse(written)
    assert time.perf_counter() - start < 20


def test_long_rows_of_backticks_are_shown_as_they_are():
    for read in (richtext.from_html, markdown.from_plain, markdown.from_markdown):
        written, _ = read(f"a {'`' * 500} b")
        assert markup.plain(written) == f"a {'`' * 500} b"


def tried(folder, content: bytes) -> None:
    """Any bytes give a draft that can be loaded, or a CourseError."""
    path = folder / "any"
    path.write_bytes(content)
    try:
        read = exchange.read(path)
    except CourseError as error:
        assert str(error).strip()
    else:
        assert samples.load(read.bank_toml).items


SETTINGS = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SETTINGS
@given(st.binary(max_size=300))
@example(b"PK\x03\x04")
@example(b"\xef\xbb\xbf")
def test_any_bytes_give_a_draft_or_a_sentence(tmp_path, content):
    tried(tmp_path, content)


@SETTINGS
@given(st.text(st.sampled_from("ab{}=~#:%->\\/ \n[]*19.$"), max_size=120))
def test_any_gift_gives_a_draft_or_a_sentence(tmp_path, text):
    tried(tmp_path, text.encode())


@SETTINGS
@given(st.data())
def test_files_with_a_piece_lost_or_changed_give_a_draft_or_a_sentence(tmp_path, data):
    seed = data.draw(st.sampled_from(SEEDS))
    start = data.draw(st.integers(0, len(seed)))
    length = data.draw(st.integers(0, 60))
    inside = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"<", b"&#0;", b"]]>", b"}", b"1e999"])
    )
    tried(tmp_path, seed[:start] + inside + seed[start + length :])


@SETTINGS
@given(st.text(max_size=80))
def test_any_html_gives_markdown_that_loses_no_plain_letter(text):
    written, _ = richtext.from_html(text.replace("<", "&lt;"))
    assert written.count("a") >= text.count("a") - 5 * text.count("&")
    assert "\x00" not in markdown.clean(written)
