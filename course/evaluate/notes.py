"""What a reader of an evaluation has to know besides its figures."""

import pandas as pd

from course.evaluate.tables import missing

OWN_SENTENCE = "This is the course's simulator in the place of"
"""So begins what the simulator says where no answer was written for a request."""


def notes(rows: pd.DataFrame) -> tuple[str, ...]:
    """A sentence for each thing that such a table of rows shows; often there is none."""
    return tuple(filter(None, (_not_known(rows), _only_spelling(rows), _no_call_seen(rows))))


def _not_known(rows: pd.DataFrame) -> str:
    begin = OWN_SENTENCE.casefold()
    texts = [answer for answer in rows.get("answer", ()) if isinstance(answer, str)]
    if count := sum(text.strip().casefold().startswith(begin) for text in texts):
        return (
            f"{_answers(count)} the simulator's own sentence, as it does not know these texts; "
            "give it answers to them with connect(simulate={'tasks': 'gold.jsonl'}), whose format "
            "course endpoint --help shows"
        )
    return ""


def _only_spelling(rows: pd.DataFrame) -> str:
    if not {"answer", "label"} <= set(rows):
        return ""
    wrong = rows[~rows["correct"]]
    pairs = zip(wrong["answer"], wrong["label"], strict=True)
    if count := sum(_alike(answer, label) for answer, label in pairs):
        return (
            f"{_answers(count)} wrong in capitals, spaces or a full stop only; "
            "correct=lambda answer, label: answer.strip(' .').lower() == label.lower() "
            "would count such as right"
        )
    return ""


def _alike(answer: object, label: object) -> bool:
    return (
        isinstance(answer, str)
        and isinstance(label, str)
        and _plainly(answer) == _plainly(label) != ""
    )


def _plainly(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .")


def _no_call_seen(rows: pd.DataFrame) -> str:
    if not {"cost_usd", "source"} <= set(rows):
        return ""
    known = any(not missing(value) for name in ("cost_usd", "source") for value in rows[name])
    told = "no call of a client from connect() was seen, so what it cost is unknown"
    return "" if known else told


def _answers(count: int) -> str:
    return f"{count:,} answer{' is' if count == 1 else 's are'}"
