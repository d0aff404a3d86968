"""Press the formgrader's button for every student: `python press.py QUIZ`, in the course's folder.

Its handler calls nbgrader's API while the server's event loop runs, so this does it in one too.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from course.grading import settings


async def press(quiz: str) -> dict[str, str]:
    """What went wrong, by student; nothing for those who are graded."""
    root = Path.cwd()
    config = settings.load(root)
    config.Exchange.root = str(root)
    with settings.quiet() as (log, _):
        course = CourseDirectory(config=config, log=log)
        api = NbGraderAPI(course, config=config, log=log)
        found = {}
        for folder in sorted(Path("submitted").iterdir()):
            if not os.path.lexists(folder / quiz):
                continue
            done = api.autograde(quiz, folder.name)
            if not done["success"]:
                found[folder.name] = (done.get("error") or "") + (done.get("log") or "")
        return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(press(sys.argv[1]))))
