"""Makes up customers: what they bought, what it costs, where they work, what they are called."""

from random import Random

from grammar import Article, Matter, read_catalogue, read_frames, read_names

CATALOGUE, NAMES, FRAMES = read_catalogue(), read_names(), read_frames()
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
MONTHS = ("January", "February", "March", "April", "May", "June", "September", "October")
WEEKS = ("ten days", "two weeks", "more than two weeks", "three weeks", "four weeks", "a month")


def facts_of(rng: Random, matter: Matter, order: str) -> dict[str, str]:
    """What fills the <places> of phrases in the e-mails of one customer."""
    article = rng.choice([one for one in CATALOGUE if matter.takes(one)])
    shelf = [one for one in CATALOGUE if one.kinds[0] == article.kinds[0]]
    second = rng.choice([one for one in shelf if one != article])
    other = article.price + rng.choice((0.5, 1, 2) if article.price < 15 else (2, 3, 5, 10))
    few, many = rng.randint(2, 6), rng.randint(8, 48)
    named = {"p": article.name, "ap": _with_article(article), "ps": article.several}
    return named | {
        "p2": second.name,
        "ap2": _with_article(second),
        "o": order,
        "price": f"{article.price:.2f}",
        "other": f"{other:.2f}",
        "diff": f"{other - article.price:.2f}",
        "twice": f"{2 * article.price:.2f}",
        "sum": f"{article.price * few:.2f}",
        "n": ("two", "three", "four", "five", "six")[few - 2],
        "N": str(many),
        "pct": rng.choice(("five", "ten", "15", "20")),
        "code": f"{rng.choice(('AUTUMN', 'SCHOOL', 'PAPER', 'READ', 'NEWTERM'))}{many}",
        "code2": str(rng.randint(1000, 9899)),
        "inv": f"R-{rng.randint(20000, 89999)}",
        "date": f"{rng.randint(1, 28)} {(month := rng.choice(MONTHS))}",
        "month": month,
        "day": rng.choice(WEEKDAYS),
        "weeks": rng.choice(WEEKS),
        "machine": rng.choice(("phone", "tablet", "laptop")),
        "version": f"{rng.randint(3, 6)}.{rng.randint(0, 9)}",
        "class": (group := f"{rng.randint(3, 10)}{rng.choice('abcde')}"),
        "name": (name := rng.choice(NAMES)),
        "initial": f" {rng.choice('ABDEGKLMNOPRST')}." if rng.random() < 0.2 else "",
        "name2": rng.choice([one for one in NAMES if one != name]),
        "role": rng.choice(FRAMES["role"]).replace("<class>", group),
        "org": rng.choice(FRAMES["org"]).replace("<class>", group),
    }


def _with_article(article: Article) -> str:
    return f"{'an' if article.name[0] in 'aeiou' else 'a'} {article.name}"
