"""What came of asking a model every item of a gold set: figures, each with its interval."""

from collections.abc import Sequence
from functools import cached_property

import pandas as pd

from course.errors import CourseError
from course.evaluate import classes as by_class
from course.evaluate.estimate import Estimate, checked_confidence, percent
from course.evaluate.money import cost_per_correct, cost_per_item
from course.evaluate.notes import notes
from course.evaluate.repeats import Wobble, wobble
from course.evaluate.shares import accuracy_of, of_items, row_clusters
from course.evaluate.tables import checked_rows, known_costs, missing, one_source


class Evaluation:
    """A model's answers to a gold set, `rows`, and what they say; its repr is the summary.

    `rows` has a row for each item and repeat, with the columns item, model, answer, label,
    correct, cost_usd, latency_s, repeat, source, error, and confidence and cluster where there
    are any: the table that `compare` and `decide` take. A missing answer (None) counts as wrong.
    Rows that were kept make an Evaluation again: `Evaluation(pd.read_csv(…))`. `classes` names
    labels that are possible but that no item has; `confidence` is that of all intervals.
    """

    def __init__(self, rows: pd.DataFrame, *, classes: Sequence = (), confidence: float = 0.95):
        self.rows = checked_rows(rows, "the table of rows")
        self.classes = tuple(classes)
        self.confidence = checked_confidence(confidence)
        self.source = one_source(self.rows)
        self.model = str(self.rows["model"].iloc[0]) if "model" in self.rows else "the model"
        self.n = int(self.rows["item"].nunique())

    @cached_property
    def accuracy(self) -> Estimate:
        """The share of right answers: Wilson's interval, or a cluster-robust one (see `share`)."""
        return accuracy_of(self.rows, confidence=self.confidence)

    @cached_property
    def no_answer(self) -> Estimate:
        """The share of answers that are missing; they count as wrong."""
        return self._share(self._column("answer").map(missing))

    @cached_property
    def other_answer(self) -> Estimate:
        """The share of answers that are none of the classes; they count as wrong."""
        known = by_class.classes_of(self._column("label"), self.classes)
        said = [by_class.class_of(answer, known) for answer in self._column("answer")]
        return self._share(pd.Series(said) == by_class.OTHER)

    @cached_property
    def confusion(self) -> pd.DataFrame:
        """Counts of each label (rows) and answer (columns, with "(other)" and "(no answer)")."""
        labels, answers = self._column("label"), self._column("answer")
        return by_class.confusion(labels, answers, classes=self.classes)

    @cached_property
    def per_class(self) -> pd.DataFrame:
        """Support, and precision, recall and F1 as Estimates, of each class."""
        return by_class.per_class(
            self._column("label"),
            self._column("answer"),
            clusters=row_clusters(self.rows),
            classes=self.classes,
            confidence=self.confidence,
        )

    @cached_property
    def cost_per_item(self) -> Estimate:
        """The mean cost of an answer in US dollars; undefined where a cost is not known."""
        costs, clusters = known_costs(self.rows), row_clusters(self.rows)
        return of_items(cost_per_item(costs, clusters, confidence=self.confidence), self.rows)

    @cached_property
    def cost_per_correct(self) -> Estimate:
        """All costs over the number of right answers, in US dollars; infinite if none is right."""
        costs, clusters = known_costs(self.rows), row_clusters(self.rows)
        right = self.rows["correct"]
        found = cost_per_correct(costs, right, clusters, confidence=self.confidence)
        return of_items(found, self.rows)

    @property
    def mistakes(self) -> pd.DataFrame:
        """The rows whose answer is wrong or missing."""
        return self.rows[~self.rows["correct"]]

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the figures must know, such as that no call was seen."""
        return notes(self.rows)

    @cached_property
    def wobble(self) -> Wobble:
        """How much the answers changed between repeats; CourseError when there was one run."""
        return wobble(self.rows, confidence=self.confidence)

    def __repr__(self) -> str:
        items = f"{self.n:,} item{'' if self.n == 1 else 's'}"
        if len(self.rows) > self.n:
            items += f", {len(self.rows):,} answers"
        title = f"{self.model} on {items}" + (f" (source: {self.source})" if self.source else "")
        about = [*self._figures(), *(("note", note) for note in self.notes)]
        lines = [f"{name:<17} {told}" for name, told in about]
        return "\n".join([title, *lines])

    def _figures(self) -> list[tuple[str, str]]:
        figures = [("accuracy", repr(self.accuracy))]
        if "label" in self.rows:
            figures += self._of_labels()
        if "answer" in self.rows:
            figures.append(("no answer", self._lost()))
        if "cost_usd" in self.rows:
            figures.append(("cost per item", repr(self.cost_per_item)))
            figures.append(("cost per correct", repr(self.cost_per_correct)))
        return figures

    def _lost(self) -> str:
        lost = int(self._column("answer").map(missing).sum())
        told = f"{lost or 'none'}: {self.no_answer}" + ("; counted as wrong" if lost else "")
        errors = [error for error in self.rows.get("error", ()) if not missing(error)]
        if errors:
            told += f"; {len(errors):,} failed, the first with {errors[0]}"
        return told

    def _of_labels(self) -> list[tuple[str, str]]:
        try:
            counts = self.rows.drop_duplicates("item")["label"].value_counts()
            other = self.other_answer if "answer" in self.rows else None
        except (CourseError, TypeError):  # labels that are no classes
            return []
        told = f"would be right in {percent(round(counts.iloc[0] / self.n, 3))}"
        if len(counts) == 1:
            told += "; with one class only, this tells nothing of the others"
        figures = [("always " + str(counts.index[0])[:10], told)] if len(counts) < self.n else []
        if other is not None and other.value:
            wrong = f"{round(other.value * len(self.rows)):,}: {other}; counted as wrong"
            figures.append(("not a class", wrong))
        return figures

    def _share(self, flags: pd.Series) -> Estimate:
        rows = self.rows.assign(correct=flags.to_numpy(dtype=bool))
        return accuracy_of(rows, confidence=self.confidence)

    def _column(self, name: str) -> pd.Series:
        if name not in self.rows:
            raise CourseError(f"The table of rows has no column {name}, which this needs.")
        return self.rows[name]
