"""The rows of the checklist on requests that a model which reasons takes otherwise."""

from course.upgrade.migrate_facts import known
from course.upgrade.migrate_rows import DONE, OPEN, UNKNOWN, USES, Check, Situation
from course.upgrade.migrate_usage import default_effort, least_effort


def of_reasoning(now: Situation) -> list[Check]:
    """Is an effort chosen, and is there room for it? No rows where both models reason or none."""
    if not now.new_reasons or default_effort(now.old) is not None:
        return []
    least = least_effort(now.new)
    chosen = now.effort is not None
    why = f"it is {now.effort}"
    if not chosen:
        why = f"reasoning_effort is not chosen, so it is {default_effort(now.new)} by default"
    room, capped = DONE, "nothing is reasoned"
    if not now.without_reasoning:
        room, capped = _by_use(now, "max_completion_tokens", "max_tokens")
    return [
        Check(
            "effort",
            "Is reasoning_effort chosen?",
            DONE if chosen else OPEN,
            why,
            f"write it into the requests; compare {least} with the default on your gold set",
        ),
        Check(
            "room",
            "Is there room to reason within the limit of an answer?",
            room,
            capped,
            "look for finish_reason length and empty answers",
        ),
    ]


def _by_use(now: Situation, *names: str) -> tuple[str, str]:
    """Open where the program uses one of them, done where it does not, unknown if not told."""
    if now.uses is None:
        return UNKNOWN, "what your program uses was not told"
    used = [USES[name] for name in names if name in now.uses]
    return (OPEN, f"you use {' and '.join(used)}") if used else (DONE, "you do not use it")


def of_features(now: Situation) -> list[Check]:
    """What a program may use that the new model takes otherwise, or does not have."""
    found = []
    if now.new_reasons and default_effort(now.old) is None:
        status, why = _by_use(now, "max_tokens")
        how = "search your code for max_tokens and write max_completion_tokens"
        found.append(Check("max_tokens", "Is max_tokens out of your requests?", status, why, how))
    fields = {"tools": "tools_in_chat", "sampling": "sampling_parameters"}
    for name, field in fields.items():
        if known(now.new, field) is not None and known(now.old, field) is None:
            status, why = _by_use(now, name)
            if now.without_reasoning:
                status, why = DONE, f"effort {now.effort} allows them"
            how = "send one such request; a refusal comes at once, as error 400"
            found.append(Check(name, f"Do {USES[name]} still work?", status, why, how))
    return found + _replaced(now)


def _replaced(now: Situation) -> list[Check]:
    """What old has facts on and new has none: what becomes of it."""
    found = []
    fields = {"pictures": "image_base_tokens", "fine-tuning": "fine_tuned_input_price"}
    for name, field in fields.items():
        if known(now.old, field) is None or known(now.new, field) is not None:
            continue
        status, why = _by_use(now, name)
        how = f"the facts do not say what a picture costs with {now.new}: send one, read its usage"
        if name == "fine-tuning":
            how = "put examples into the prompt instead, and measure"
        found.append(Check(name, f"What becomes of {USES[name]}?", status, why, how))
    return found
