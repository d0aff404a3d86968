"""Whether two models cut a text into the same tokens: what is known, and what was seen."""

from course import tokens
from course.upgrade.migrate_facts import known
from course.upgrade.migrate_usage import Traffic


def token_counts(
    old: str, new: str, seen: tuple[Traffic | None, Traffic | None]
) -> tuple[str, ...]:
    """Whether both models cut text alike, in sentences: what is known, and what was seen."""
    words = [tokens.vocabulary(name) for name in (old, new)]
    settle = "Send the same prompts to both and compare prompt_tokens: that settles it."
    if words[0] != words[1]:
        told = f"{old} cuts text with {words[0]}, {new} with {words[1]}: count your prompts anew."
    elif same_tokens(old, new):
        told = f"Both cut text with {words[0]}, so the same text has as many tokens."
        settle = ""
    else:
        told = f"That {new} cuts text with {words[0]} as {old} does is not confirmed; "
        told += "the counts here take it to be so."
    sentences = (told, *_seen_counts(old, new, seen))
    return (*sentences, settle) if settle and not all(seen) else sentences


def same_tokens(old: str, new: str) -> bool:
    """Whether it is known that both models cut a text into the same tokens."""
    claims = [known(name, "vocabulary") for name in (old, new)]
    sure = not any(claim is not None and claim.status == "unconfirmed" for claim in claims)
    return sure and tokens.vocabulary(old) == tokens.vocabulary(new)


def _seen_counts(
    old: str, new: str, seen: tuple[Traffic | None, Traffic | None]
) -> tuple[str, ...]:
    was, came = seen
    if not was or not came:
        return ()
    before, after = was.mean("prompt_tokens"), came.mean("prompt_tokens")
    rest = came.mean("completion_tokens") - came.mean("reasoning")
    return (
        f"Seen: {before:,.1f} prompt tokens a call with {old} ({was.calls:,} calls), {after:,.1f} "
        f"with {new} ({came.calls:,} calls); if the prompts were the same, that is "
        f"{100 * (after / before - 1):+.1f} %.",
        f"Seen: {was.mean('completion_tokens'):,.1f} output tokens a call with {old}; with {new} "
        f"{rest:,.1f} in the answer and {came.mean('reasoning'):,.1f} of reasoning.",
    )
