"""The mailbox of lessons 05 to 09: what its data card says, against the file and its generator."""

import csv
import re
import statistics
import sys
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from course import tokens

DATA = Path(__file__).parents[1] / "lessons" / "data"
KNOWN = Path(__file__).parents[1] / "course/endpoint/simulation/references/mailbox.csv"
LABELS = ("billing", "technical", "general")


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MAILBOX = rows_of(DATA / "mailbox.csv")
CARD = (DATA / "README.md").read_text(encoding="utf-8")
TABLES = re.findall(r"(?m)((?:^\|.*\|\n)+)", CARD)
SECOND = [row for row in MAILBOX if row["label_2"]]


def table(first):
    """The data card's table that begins with this column: the other cells by the first."""
    found = [each for each in TABLES if each.startswith(f"| {first} |")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in found[0].splitlines()]
    return {row[0]: row[1:] for row in rows[2:]}


@pytest.fixture(scope="module")
def maker():
    """The generator's main module, as `python lessons/data/mailbox` runs it."""
    folder, before = str(DATA / "mailbox"), set(sys.modules)
    sys.path.insert(0, folder)
    spec = spec_from_file_location("mailbox_maker", f"{folder}/__main__.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(folder)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(folder):
            del sys.modules[name]


def test_the_generator_makes_the_same_files_byte_for_byte(maker):
    mailbox, known = maker.build()
    assert mailbox.encode() == (DATA / "mailbox.csv").read_bytes()
    assert known.encode() == KNOWN.read_bytes()


def test_what_was_written_by_hand_is_in_the_file_as_it_stands(maker):
    texts = {row["text"] for row in MAILBOX if row["origin"] == "written"}
    assert texts == {letter.text for letter in maker.written()}


@pytest.mark.parametrize("column", ["label", "sentiment", "origin", "hard", "language"])
def test_the_data_card_counts_what_is_in_the_file(column):
    told = {name: int(cells[0]) for name, cells in table(column).items()}
    assert told == Counter(row[column] or "(empty)" for row in MAILBOX)


def test_the_data_card_tells_the_columns_and_the_other_numbers():
    assert list(table("column")) == list(MAILBOX[0])
    told = {name: float(cells[0]) for name, cells in table("of all e-mails").items()}
    threads = Counter(row["thread"] for row in MAILBOX)
    words = [len(row["text"].split()) for row in MAILBOX]
    counts = sorted(tokens.count(row["text"], "gpt-4o-mini") for row in MAILBOX)
    assert told == {
        "e-mails": len(MAILBOX),
        "have an order number": sum(row["order"] != "" for row in MAILBOX),
        "name an article": sum(row["product"] != "" for row in MAILBOX),
        "are alone in their thread": sum(size == 1 for size in threads.values()),
        "are in a thread of two or more": sum(size for size in threads.values() if size > 1),
        "threads of two or more": sum(size > 1 for size in threads.values()),
        "words, median": statistics.median(words),
        "words, longest": max(words),
        "tokens (o200k_base), mean": round(statistics.mean(counts), 1),
        # 1,216 of 1,280 are 95 of 100
        "tokens, 95 of 100 have at most": counts[1215],
    }
    assert "the mailbox: 1,280 e-mails" in CARD.lower()


def test_labels_are_thirty_thirty_and_forty_of_a_hundred():
    counts = Counter(row["label"] for row in MAILBOX)
    assert {label: counts[label] / len(MAILBOX) for label in LABELS} == {
        "billing": 0.3,
        "technical": 0.3,
        "general": 0.4,
    }
    # and so, nearly, wherever one looks: a fair mix of 100 has 40 ± 15 general ones
    for start in range(0, 1200, 100):
        assert 25 <= sum(row["label"] == "general" for row in MAILBOX[start : start + 100]) <= 55


def test_every_email_is_another_and_has_its_number():
    assert [row["item"] for row in MAILBOX] == [f"mail-{n:04}" for n in range(1, 1281)]
    folded = [" ".join(row["text"].casefold().split()) for row in MAILBOX]
    assert [text for text, count in Counter(folded).items() if count > 1] == []
    assert all(row["text"].startswith("Subject: ") for row in MAILBOX)
    assert not any(row["text"] != row["text"].strip() for row in MAILBOX)


def test_fields_are_legal_and_stand_in_the_text(maker):
    names = {article.name for article in maker.gold.CATALOGUE}
    for row in MAILBOX:
        assert row["label"] in LABELS
        assert row["sentiment"] in ("angry", "neutral", "pleased")
        assert row["product"] in {"", *names}
        assert re.fullmatch(r"(4\d{5})?", row["order"])
        assert row["order"] in row["text"]
        if row["language"] == "en" and row["product"]:
            several = next(a for a in maker.gold.CATALOGUE if a.name == row["product"]).several
            told = row["text"].casefold()
            assert row["product"].casefold() in told or several.casefold() in told


def test_nothing_in_it_could_be_a_real_persons_address():
    for row in MAILBOX:
        told = row["text"]
        for address in re.findall(r"[\w.+-]+@[\w.-]+", told):
            assert re.search(r"@example\.(com|org|net)\b", address), (row["item"], address)
        for host in re.findall(r"\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b", told):
            assert re.search(r"(^|\.)example\.(com|org|net)$", host) or "@" in host, host
        assert not re.search(r"https?:|www\.", told)
        # A telephone, card or account number has more digits in a row than an order has.
        assert not re.search(r"\+\d\d|(?:\d[ /-]?){9,}", told), row["item"]


def test_rows_of_a_thread_belong_together_and_the_first_comes_first():
    threads = {}
    for row in MAILBOX:
        threads.setdefault(row["thread"], []).append(row["text"])
    for texts in threads.values():
        assert not texts[0].startswith("Subject: Re: ") or len(texts) == 1
        for later in texts[1:]:
            assert re.match(r"Subject: re: ", later, re.IGNORECASE)
    assert list(threads) == sorted(threads)


def test_the_second_labels_are_as_the_data_card_says():
    plain = [row for row in SECOND if not row["hard"]]
    hard = [row for row in SECOND if row["hard"]]
    assert (len(SECOND), len(plain), len(hard)) == (260, 140, 120)
    assert all(row["label_2"] in LABELS for row in SECOND)
    assert sum(row["label"] != row["label_2"] for row in SECOND) == 9
    told = re.search(r"kappa is ([\d.]+) for all, ([\d.]+) for the plain and ([\d.]+) for", CARD)
    assert [f"{kappa(rows):.2f}" for rows in (SECOND, plain, hard)] == list(told.groups())


def kappa(rows):
    """Cohen's: the agreement beyond chance, as a share of what there could be."""
    same = sum(row["label"] == row["label_2"] for row in rows) / len(rows)
    first, second = (Counter(row[name] for row in rows) for name in ("label", "label_2"))
    chance = sum(first[label] * second[label] for label in LABELS) / len(rows) ** 2
    return (same - chance) / (1 - chance)


def test_all_its_files_are_small():
    files = [path for path in (*DATA.rglob("*"), KNOWN) if path.suffix in (".csv", ".txt", ".py")]
    assert sum(path.stat().st_size for path in files) < 1_000_000


def test_pandas_reads_it_with_one_setting():
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(DATA / "mailbox.csv", keep_default_na=False)
    assert frame.map(lambda cell: isinstance(cell, str)).all(axis=None)
    assert frame.to_dict("records") == MAILBOX
