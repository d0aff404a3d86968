"""What `course live` starts: the meeting to go on with or a new one, and where it is told."""

from pathlib import Path

from course.errors import CourseError
from course.listening import listen
from course.live import names, past, server, store
from course.live.app import App
from course.live.past import Past
from course.live.replay import Replay
from course.live.room import Room
from course.live.store import About, Store
from course.live.telling import tellings
from course.quiz.bank import Bank

FILE = "live.db"


def run(
    quiz: str | None,
    *,
    root: Path,
    db: str | None,
    host: str,
    port: int,
    most: int,
    new: bool,
    origins: tuple[str, ...] = (),
) -> None:
    """Serve a meeting until Ctrl-C; one that is not over is gone on with, unless `new`."""
    with store.opened(db or root / FILE) as log:
        bank, unfinished = _meeting(log, quiz, root=root, new=new)
        with listen(port, host) as listener:  # before a meeting is made that could not be held
            about = unfinished or _begin(log, bank)
            log.hold(about.code)
            room = Room(about, log, tellings(bank), title=bank.title, most=most)
            at = room.audience.addresses = server.addresses(listener)
            said = [f"{bank.title or bank.quiz}{' (goes on)' if unfinished else ''}"]
            said += _told(about, at)
            said.append("Stop with Ctrl-C; the same command goes on with this meeting.")
            told = "\n".join(said)
            server.serve(
                App(room, origins=origins), listener, ready=lambda: print(told, flush=True)
            )


def play(found: Past, *, host: str, port: int, speed: float) -> None:
    """Serve a past meeting as it went, until Ctrl-C."""
    if found.remarks:
        raise CourseError(f"This meeting can't be played: {found.remarks[0]}")
    app = App(Replay(found, speed=speed))
    with listen(port, host) as listener:
        secret = names.for_screen(found.about.secret)
        said = f"Replay of {found.about.code}: {server.addresses(listener)[0]}/screen#{secret}"
        server.serve(app, listener, ready=lambda: print(said, flush=True))


def _told(about: About, at: list[str]) -> list[str]:
    """The instructor's page is told by loopback's address: its secret need not cross a network."""
    here = at[-1]
    return [
        f"Code:        {about.code}",
        f"Students:    {at[0]}",
        f"Instructor:  {here}/instructor#{about.secret}",
        f"Projector:   {here}/screen#{names.for_screen(about.secret)}",
    ]


def _begin(log: Store, bank: Bank) -> About:
    items = past.digests(tellings(bank))
    return store.begin(log, quiz=bank.quiz, bank=bank.digest, items=items)


def _meeting(log: Store, quiz: str | None, *, root: Path, new: bool) -> tuple[Bank, About | None]:
    """The bank, and the meeting to go on with, if there is one."""
    unfinished = [] if new else [about for about, over in log.meetings() if not over]
    found = next((one for one in unfinished if quiz in (None, one.quiz)), None)
    if found is None:
        bank = past.bank_of(quiz or _only(root), root=root)
        if not tellings(bank):
            raise CourseError(f"{bank.quiz} has no question that can be answered live.")
        return bank, None
    bank = past.bank_of(found.quiz, root=root)
    if past.digests(tellings(bank)) != dict(found.items):
        raise CourseError(
            f"The meeting {found.code} is not over, but the questions of {found.quiz} were changed "
            "since it began; start a new one with --new."
        )
    return bank, found


def _only(root: Path) -> str:
    """The quiz to take where none is named: the only one, or CourseError that lists them."""
    names = sorted(path.parent.name for path in root.glob("solutions/*/bank.toml"))
    if len(names) == 1:
        return names[0]
    if not names:
        raise CourseError(f"There is no quiz in {root / 'solutions'}.")
    raise CourseError(f"Name a quiz with --quiz: {', '.join(names)}.")
