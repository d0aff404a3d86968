"""What student code finds around it: the arguments of bubblewrap. Linux.

Nothing of this computer but programs and libraries, all read-only, the course's package without
the part that grades, and folders in memory with a fixed size.
"""

import os
import shutil
import site
import sys
from pathlib import Path

from course.grading.sandbox.limits import Limits
from course.project import PACKAGE

HOME = "/home/student"
ENDPOINT = "/run/endpoint"
DATA = "lessons/data"
_LIBRARIES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SETTINGS = ("ld.so.cache", "localtime", "alternatives", "fonts")
_FILES = {
    "passwd": "root:x:0:0::/:/bin/false\nstudent:x:1000:1000::/home/student:/bin/sh\n",
    "group": "student:x:1000:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
}
_HOLD = "echo; read line"
"""What bubblewrap runs: it says that the walls stand, and keeps them up until it is killed."""


def write_settings(folder: Path) -> None:
    """The few files of /etc that programs look for, for `arguments`."""
    for name, text in _FILES.items():
        (folder / name).write_text(text, encoding="utf-8")


def arguments(limits: Limits, settings: Path, endpoint: str) -> list[str]:
    """bubblewrap's arguments; `endpoint` is the socket of a simulator, or ""."""
    size, line = str(limits.disk), []

    def tmpfs(where: str, mode: str = "1777") -> list[str]:
        return ["--perms", mode, "--size", size, "--tmpfs", where]

    for kind in ("pid", "net", "ipc", "uts"):
        line.append(f"--unshare-{kind}")
    line += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--hostname", "course"]
    line += ["--cap-drop", "ALL", "--clearenv", "--ro-bind", "/usr", "/usr"]
    for name in _LIBRARIES:
        path = Path("/", name)
        if path.is_symlink():
            line += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            line += ["--ro-bind", str(path), str(path)]
    for name in _SETTINGS:
        line += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for name in _FILES:
        line += ["--ro-bind", str(settings / name), f"/etc/{name}"]
    line += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
    line += tmpfs("/dev/shm")
    for path in _programs():
        line += ["--ro-bind", path, path]
    if _is_under(str(PACKAGE.parent), "/usr"):  # a project that lies among programs
        line += ["--size", "4096", "--tmpfs", str(PACKAGE.parent)]
    line += ["--ro-bind", str(PACKAGE), str(PACKAGE)]
    line += ["--size", "4096", "--tmpfs", str(PACKAGE / "grading")]
    line += ["--remount-ro", str(PACKAGE / "grading")]
    data = PACKAGE.parent / DATA
    if data.is_dir():
        line += ["--perms", "0755", "--dir", f"{HOME}/lessons"]
        line += ["--ro-bind", str(data), f"{HOME}/{DATA}"]
    if endpoint:
        line += ["--ro-bind", str(Path(endpoint).parent), ENDPOINT]
    line += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]
    # what is mounted later may lie in these, wherever the course and its programs are installed
    first = [
        "--perms",
        "0755",
        "--dir",
        str(Path(HOME).parent),
        *tmpfs("/tmp"),
        *tmpfs(HOME, "0777"),
    ]
    return [*first, *_parents(line), *line, "--", "/bin/sh", "-c", _HOLD]


def _parents(line: list[str]) -> list[str]:
    """The folders above all that is mounted, made before it: bubblewrap's own are root's alone."""
    places = [where for at, where in enumerate(line) if at > 1 and line[at - 2].endswith("-bind")]
    places += ["/etc/passwd"]
    above = {str(parent) for place in places for parent in Path(place).parents}
    above -= {"/", "/tmp", HOME, str(Path(HOME).parent)}
    made = [["--perms", "0755", "--dir", parent] for parent in sorted(above)]
    return [part for each in made if not _is_under(each[-1], "/proc") for part in each]


def environment(home: str, endpoint: str) -> dict[str, str]:
    """All that student code finds in its environment."""
    found = {
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "PAGER": "cat",
        "TERM": "dumb",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "NBGRADER_EXECUTION": "autograde",
        "COURSE_SPEED": "0",
    }
    threads = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
    found |= {f"{name}_NUM_THREADS": "1" for name in threads}
    return found | ({"COURSE_ENDPOINT_SOCKET": endpoint} if endpoint else {})


def _programs() -> list[str]:
    """The folders of the interpreter and its libraries that are not in /usr, outermost first."""
    found = {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent)}
    found |= {path for path in (*site.getsitepackages(), *sys.path) if "site-packages" in path}
    kept: list[str] = []
    for path in sorted(os.path.realpath(path) for path in found):
        if path != "/" and Path(path).is_dir() and not any(_is_under(path, at) for at in kept):
            kept.append(path)
    given = [path for path in found if os.path.realpath(path) != path and Path(path).is_dir()]
    return [path for path in [*kept, *sorted(given)] if not _is_under(path, "/usr")]


def _is_under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def program() -> str | None:
    """Where bubblewrap is; None where it is not installed."""
    return shutil.which("bwrap")
