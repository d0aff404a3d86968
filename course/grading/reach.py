"""What others who use this computer can reach of a course, as sentences."""

import contextlib
import json
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_core.paths import ENV_CONFIG_PATH, SYSTEM_CONFIG_PATH, jupyter_data_dir
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course.grading import settings

try:
    import pwd
except ImportError:  # Windows
    pwd = None

FORMGRADER = "nbgrader.server_extensions.formgrader"
MOST_NAMED = 5
_FIRST_PERSON, _LAST_PERSON = 1_000, 60_000
"""User ids of people, by the custom of today's systems."""


def computer(root: str | Path) -> list[str]:
    """What others who use this computer can reach, and data directories that students share."""
    root = Path(root).absolute()
    config = settings.load(root)
    shared = _is_shared(config)
    return [*(_reachable(root, config) if shared else ()), *(_formgrader() if shared else ()),
            *_data_directories(config)]  # fmt: skip


def _is_shared(config: Config) -> bool:
    """Whether other people work on this computer, as far as it tells."""
    if "root" in config.Exchange and Path(config.Exchange.root).is_dir():
        return True
    if pwd is None:
        return False
    return any(
        _FIRST_PERSON <= one.pw_uid < _LAST_PERSON
        and one.pw_uid != os.getuid()
        and not one.pw_shell.endswith(("nologin", "false"))
        for one in pwd.getpwall()
    )


def _reachable(root: Path, config: Config) -> Iterator[str]:
    if pwd is None or not _open_to_others(root):
        return
    database = CourseDirectory(config=config).db_url.partition("sqlite:///")[2]
    kept = {"the gradebook": [Path(database)] if database else []}
    for what in ("solutions", "submitted", "autograded", "feedback"):
        kept[f"{what}/"] = root.glob(f"{what}/*/*")
    found = [what for what, paths in kept.items() if any(map(_is_readable, paths))]
    if found:
        yield (
            f"Everybody on this computer can read {listed(found)} of {root}, so a student can see "
            f"keys and other people's marks, in the formgrader too: run `chmod o-rwx {root}`."
        )


def _open_to_others(folder: Path) -> bool:
    """Whether somebody else may pass through the folder and all those above it."""
    try:
        return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))
    except OSError:
        return False


def _is_readable(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH) and _open_to_others(path.parent)
    except OSError:
        return False


def _formgrader() -> Iterator[str]:
    """nbgrader's formgrader, where settings for everybody switch it on."""
    for folder in map(Path, [*ENV_CONFIG_PATH, *SYSTEM_CONFIG_PATH]):
        switches = {switch for path in _configurations(folder) if (switch := _switch(path))}
        if "on" in switches and _open_to_others(folder):
            yield (
                f"nbgrader's formgrader is on for everybody whose settings come from {folder}: "
                f"`jupyter server extension disable --sys-prefix {FORMGRADER}` takes it from "
                "students; `enable --user` gives it back to you."
            )
        if switches:
            return


def _configurations(folder: Path) -> list[Path]:
    more = sorted((folder / "jupyter_server_config.d").glob("*.json"))
    return [folder / "jupyter_server_config.json", *more]


def _switch(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        server = json.loads(path.read_text(encoding="utf-8")).get("ServerApp", {})
        on = server.get("jpserver_extensions", {}).get(FORMGRADER)
        return "" if on is None else ("on" if on else "off")
    return ""


def _data_directories(config: Config) -> Iterator[str]:
    """nbgrader fetches feedback for whatever hand-ins lie in the cache of a data directory."""
    cache = Path(config.Exchange.get("cache") or Path(jupyter_data_dir(), "nbgrader_cache"))
    students = {path.name.rsplit("+", 2)[0]
                for path in (cache / config.CourseDirectory.course_id).glob("*+*+*")}  # fmt: skip
    if len(students) > 1:
        yield (
            f"{cache} holds hand-ins of {listed(sorted(students))}: with one Jupyter data "
            "directory, `nbgrader fetch_feedback` brings each of them the others' feedback; give "
            "each student a JUPYTER_DATA_DIR of their own."
        )


def listed(names: Iterable[str]) -> str:
    """Names as a sentence has them: "ana, bo and 3 more"."""
    names = list(names)
    if len(names) > MOST_NAMED:
        names = [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
