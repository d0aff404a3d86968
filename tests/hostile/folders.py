"""Answers files and folders that are not what they seem."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

from sample_course import line

from hostile.attack import ALL, Attack
from hostile.sample import ANSWERS, ITEMS, Sheet, journal

RECORDED = ("h-01", "h-02", "h-03", "h-06")
"""What an answers file decides."""
_NOT_USED = "was not used|could not be read|passed over|No answers"


def answers(make: Callable[[Sheet], bytes]) -> Callable[[Sheet], None]:
    def build(sheet: Sheet) -> None:
        sheet.answers = make(sheet)

    return build


def more(*lines: bytes) -> Callable[[Sheet], None]:
    """Lines after the honest ones."""

    def build(sheet: Sheet) -> None:
        sheet.answers += b"".join(lines)

    return build


def instead(make: Callable[[Path], object]) -> Callable[[Sheet], None]:
    """Something else in the place of the answers file."""

    def change(folder: Path) -> None:
        (folder / "answers.jsonl").unlink()
        make(folder / "answers.jsonl")

    return lambda sheet: sheet.after.append(change)


def then(change: Callable[[Path], object]) -> Callable[[Sheet], None]:
    """A change to the folder when it is written."""
    return lambda sheet: sheet.after.append(change)


def _neighbour(folder: Path) -> Path:
    return folder.parents[1] / "zz-right" / "h" / "answers.jsonl"


def _huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1_000_000_000)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def _hard_link(path: Path) -> None:
    """A link to a file of the course that is no answers file."""
    os.link(path.parents[3] / "solutions" / "h" / "bank.toml", path)


def _odd_lines(sheet: Sheet) -> None:
    """What a reader of lines of JSON could stumble over."""
    odd = [
        b'{"v": 1e999}', b'{"v": NaN, "seq": Infinity}', b"[" * 15_000, b'{"a":' * 3000,
        b"9" * 15_000, b"\xff\xfe\x00", b"\xef\xbb\xbf{}", b"\x00" * 100, b"null", b"7", b'"x"',
        b'{"v": 1, "v": 2}', json.dumps({"v": True, "item": ["h-01"]}).encode(),
    ]  # fmt: skip
    sheet.answers = b"\n".join(odd) + b"\n" + sheet.answers + b"\n".join(odd)


def _odd_responses(sheet: Sheet) -> None:
    """The last answer counts: here it is none that the question can have."""
    sheet.answers += b"".join(
        line(item, response, seq=seq, assignment="h")
        for seq, (item, response) in enumerate(
            [("h-01", ["B"]), ("h-02", {"A": 1}), ("h-03", {"value": "9" * 300, "unit": "USD"}),
             ("h-06", {"deep": [[[]]] * 20})],
            start=80,
        )
    )  # fmt: skip


def _all_options(sheet: Sheet) -> None:
    sheet.answers += line("h-02", ["A", "B", "C", "A", "A"], seq=80, assignment="h")
    sheet.answers += line("h-01", "A B C", seq=81, assignment="h")
    sheet.answers += line("h-03", {"value": [1, 4711], "unit": "USD"}, seq=82, assignment="h")


def _claims(sheet: Sheet) -> None:
    """Answers to functions, and fields that no answer has."""
    for seq, item in enumerate(ITEMS["h"], start=80):
        made = json.loads(line(item, ANSWERS["wrong"].get(item, 6), seq=seq, assignment="h"))
        made |= {"points": 1000, "state": "right", "grade": 4, "verdict": "right", "key": "B"}
        sheet.answers += json.dumps(made).encode() + b"\n"


def _other_folders(folder: Path) -> None:
    """Names that are hard to write down, and files that others would load."""
    for name in ("-rf", "$(touch x)", "a\nb\n\x1b[2J", "x" * 255, " ", "\u202egpj.exe", ".hidden",
                 "%s%n", "nbgrader_config.py", "jupyter_config.json", "gradebook.db",
                 "sitecustomize.py", "json.py", "conftest.py", "bank.toml", ".env"):  # fmt: skip
        (folder / name).write_text("raise SystemExit('loaded')\n")
    for name in ("course", "numpy", "IPython"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("print('FO' 'UND', __file__)\n")
    (folder / "items.json").write_text('{"items": "none"}')
    (folder / "other.ipynb").write_text("{}")
    (folder / os.fsdecode(b"\xff\xfe")).write_text("x")


def _deep(folder: Path) -> None:
    """Folders in folders, until the path has 4,000 characters."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        for _ in range(19):
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
        Path("deep.txt").write_text("x")
    finally:
        os.chdir(before)


def _links(folder: Path) -> None:
    root = folder.parents[2]
    (folder / "key.txt").symlink_to(root / "solutions" / "h" / "bank.toml")
    (folder / "all").symlink_to(root / "solutions")
    (folder / "loop").symlink_to(folder)
    (folder / "gone").symlink_to("nowhere")
    os.link(root / "solutions" / "h" / "bank.toml", folder / "hard.txt")


def _notebook_is_a_link(folder: Path) -> None:
    (folder / "h.ipynb").unlink()
    (folder / "h.ipynb").symlink_to(folder.parents[2] / "solutions" / "h" / "h.ipynb")


def _notebook_is_a_folder(folder: Path) -> None:
    (folder / "h.ipynb").unlink()
    (folder / "h.ipynb").mkdir()


def _notebook_is_a_pipe(folder: Path) -> None:
    (folder / "h.ipynb").unlink()
    os.mkfifo(folder / "h.ipynb")


def _time(text: bytes) -> Callable[[Sheet], None]:
    return then(lambda folder: (folder / "timestamp.txt").write_bytes(text))


def _folder_is_a_link(folder: Path) -> None:
    """The whole submission is another's."""
    moved = folder.with_name(".moved")
    folder.rename(moved)
    folder.symlink_to(_neighbour(folder).parent)


ATTACKS = (
    Attack("answers_deep", answers(lambda s: b'{"v":' * 100_000), kind="right", loses=RECORDED,
           told=_NOT_USED),
    Attack("answers_1_gb", instead(_huge), kind="right", loses=RECORDED, told="MB|big|not used"),
    Attack("answers_no_text", answers(lambda s: b"\xff\xfe\x80" * 1000), kind="right",
           loses=RECORDED, told=_NOT_USED),
    Attack("answers_odd_lines", _odd_lines, kind="right", told="passed over"),
    Attack("answers_no_numbers",
           more(b'{"v":1,"assignment":"h","item":"h-03","response":{"value":NaN,"unit":"USD"},'
                b'"seq":9,"at":"","bank":""}\n'),
           kind="right", told="passed over"),
    Attack("answers_twice", answers(lambda s: journal(s.root, "h", ANSWERS["right"]) * 3),
           kind="right"),
    Attack("answers_many",
           answers(lambda s: s.answers + line("h-01", "B", assignment="h") * 30_000),
           kind="right"),
    Attack("answers_more_than_many",
           answers(lambda s: b"x\n" * 60_000 + s.answers), kind="right", told="lines"),
    Attack("answers_a_link", instead(lambda path: path.symlink_to(_neighbour(path.parent))),
           kind="right", loses=RECORDED, told="not used|link"),
    Attack("answers_a_hard_link", instead(_hard_link), kind="right", loses=RECORDED,
           told=_NOT_USED),
    Attack("answers_a_pipe", instead(_pipe), kind="right", loses=RECORDED, told="not used"),
    Attack("answers_a_socket", instead(_socket), kind="right", loses=RECORDED, told="not used"),
    Attack("answers_a_folder", instead(Path.mkdir), kind="right", loses=RECORDED,
           told="not used"),
    Attack("answers_a_device", instead(lambda path: path.symlink_to("/dev/zero")), kind="right",
           loses=RECORDED, told="not used|link"),
    Attack("answers_unreadable", _odd_responses, kind="right", loses=RECORDED),
    Attack("answers_everything", _all_options, kind="right", loses=("h-01", "h-03"),
           may_lose=("h-02",)),
    Attack("answers_that_claim", _claims, kind="wrong"),
    Attack("answers_of_another_quiz",
           answers(lambda s: b"".join(line(item, answer, assignment="m", seq=1)
                                      for item, answer in ANSWERS["right"].items())),
           kind="right", loses=RECORDED, told="another assignment|passed over"),
    Attack("names_hard_to_write", then(_other_folders), kind="right"),
    Attack("names_4000_long", then(_deep), kind="right"),
    Attack("links_inside", then(_links), kind="right"),
    Attack("notebook_a_link", then(_notebook_is_a_link), kind="half", loses=("h-04", "h-05"),
           told="link"),
    Attack("notebook_a_folder", then(_notebook_is_a_folder), kind="half",
           loses=("h-04", "h-05"), told="plain file"),
    Attack("notebook_a_pipe", then(_notebook_is_a_pipe), kind="half", loses=("h-04", "h-05"),
           told="plain file"),
    Attack("time_of_the_future", _time(b"9999-12-31 23:59:59.999999 UTC"), kind="right"),
    Attack("time_without_sense", _time(b"9999-99-99 99:99:99"), kind="right"),
    Attack("time_with_a_path", _time(b"2026-11-21 10:00:00 ../../../../etc/passwd"),
           kind="right"),
    Attack("time_of_megabytes", _time(b"2" * 30_000_000), kind="right"),
    Attack("time_of_the_past", _time(b"0001-01-01 00:00:00 UTC"), kind="right"),
    Attack("time_no_text", _time(b"\xff\xfe\x00"), kind="right"),
    Attack("whole_folder_a_link", then(_folder_is_a_link), kind="half", refused=ALL),
)  # fmt: skip
