"""All attacks, and the class that they sit in."""

from collections import Counter
from pathlib import Path

from hostile import (
    cheating,
    endpoint,
    folders,
    leaving,
    notebooks,
    pages,
    processes,
    reading,
    resources,
    sample,
)
from hostile.attack import ALL, GROUPS, Attack

_MODULES = (
    processes, resources, reading, cheating, leaving, pages, notebooks, folders, endpoint,
)  # fmt: skip
ATTACKS = {attack.name: attack for module in _MODULES for attack in module.ATTACKS}
assert max(Counter(a.name for module in _MODULES for a in module.ATTACKS).values()) == 1

HONEST = {
    "a-right": "right", "a-wrong": "wrong",  # before all
    "cells-half": "half", "forks-right": "right", "memory-wrong": "wrong",  # between
    "notebook-half": "half", "time-right": "right",
    "zz-half": "half", "zz-right": "right", "zz-wrong": "wrong",  # after all
}  # fmt: skip
"""Honest students: name and what they hand in."""
CONFUSED = {
    "z\u0435d": "wrong",  # with a Cyrillic e
    "zed": "right",
    "ze\u0301d": "wrong",  # an accent of its own
    "z\u00e9d": "right",  # the same name to see, in one character
    "Zed": "half",
    "zed-2": "half",
    "z ed": "wrong",
    "z'ed; drop table grade": "half",
    "x\u2215zed": "right",  # a slash that is none
}
"""Honest students whose names could be taken for one another's."""


THREATS = {
    "infinite loop": ("loop", "loop_swallows", "function_loops", "function_swallows"),
    "forks": ("forks", "fork_bomb", "double_fork", "background_process"),
    "memory": ("memory", "memory_of_four_children"),
    "file and output": ("disk", "output", "output_past_python"),
    "hidden tests": ("looks_for_keys", "opens_the_bank_by_its_path", "writes_its_own_marks"),
    "gradebook": ("writes_into_the_gradebook", "makes_a_gradebook"),
    "others and folders": ("reads_a_neighbours_answers", "reads_where_the_course_lies"),
    "verdict": ("hooks_of_the_shell", "equal_to_everything", "patches_json_and_builtins",
                "patches_the_course", "shows_points_first"),
    "death": ("os_exit", "sys_exit", "segfault", "kills_parents", "kills_all"),
    "cells": ("cells_deleted", "cells_copied", "cells_split", "cells_unlocked", "cells_retyped",
              "cells_of_the_future"),
    "answers file": ("answers_deep", "answers_1_gb", "answers_no_text", "answers_no_numbers",
                     "answers_twice", "answers_a_link", "answers_a_pipe", "answers_a_folder"),
    "notebook": ("notebook_cut_off", "notebook_is_deep", "notebook_of_500_mb"),
    "names": ("names_hard_to_write", "names_4000_long"),
    "pages": ("html", "rich_outputs", "markdown", "html_in_remarks"),
    "network and keys": ("calls_home", "prints_its_environment", "asks_the_client_for_its_key"),
    "left for the next": ("leaves_startup_files", "writes_where_programs_are",
                          "leaves_files_for_the_next", "zz_finds_what_was_left"),
    "warnings": ("warns", "functions_that_warn"),
    "clock": ("sets_the_clock", "time_of_the_future", "time_without_sense"),
}  # fmt: skip
"""The threats that the course is written against, and attacks that make each of them real."""
_NAMED = {name for names in THREATS.values() for name in names}


def ways(name: str) -> tuple[str, ...]:
    """The ways in that an attack is tried on.

    Named threats on all. nbgrader's command and the formgrader's button do the same with a
    submission: the other attacks are tried on `course grade` and, in turn, on one of these two.
    """
    if name in _NAMED:
        return ALL
    return "course", ALL[list(ATTACKS).index(name) % 2]


def of(group: str, way: str = "course") -> dict[str, Attack]:
    """The attacks of a group that are tried this way, by name."""
    return {
        name: attack
        for name, attack in ATTACKS.items()
        if attack.group == group and way in ways(name)
    }


def honest(group: str) -> dict[str, str]:
    """The honest students among them; in the small groups only the first and the last."""
    if group == "h":
        return HONEST | CONFUSED
    return {name: kind for name, kind in HONEST.items() if name.startswith(("a-", "zz-"))}


def hand_all_in(root: Path, group: str, way: str, facts: dict) -> None:
    """Every attack of a group that is tried this way, and every honest student."""
    for student, kind in honest(group).items():
        sample.hand_in(sample.sheet(root, student, kind, quiz=GROUPS[group].quiz))
    for name, attack in of(group, way).items():
        hand_in(root, name, attack, facts)


def hand_in(root: Path, student: str, attack: Attack, facts: dict) -> Path:
    """One attack, by a student of any name."""
    sheet = sample.sheet(root, student, attack.kind, quiz=attack.quiz)
    sheet.facts.update(facts)
    attack.build(sheet)
    return sample.hand_in(sheet)
