"""A decision as strict JSON: plain values, and null for what is infinite or undefined."""

import math
from typing import TYPE_CHECKING

from course.upgrade import sensitivity

if TYPE_CHECKING:
    from course.upgrade.decide import Decision


def as_dict(d: "Decision") -> dict[str, object]:
    """All figures of a decision by name; units are in the names, intervals are [low, high]."""
    cost, net = d.paired.balance.cost, d.net_benefit
    told = {
        "verdict": d.verdict,
        "headline": d.headline,
        "reasons": d.reasons,
        "flips": d.flips,
        "notes": d.notes,
        "n": d.n,
        "source": d.source,
        "delta_accuracy": d.delta_accuracy,
        "interval": d.interval,
        "p_value": d.p_value,
        "test": d.test,
        "clusters": d.clusters,
        "gained": d.paired.gained,
        "lost": d.paired.lost,
        "delta_cost_usd": cost.value,
        "delta_cost_interval_usd": (cost.low, cost.high),
        "lambda_usd": d.lambda_usd,
        "lambda_interval_usd": d.lambda_interval_usd,
        "net_benefit_usd": net.value,
        "net_benefit_interval_usd": (net.low, net.high),
        "items_needed": d.items_needed,
        "options": {
            name: option.as_dict()
            for name, option in zip(("baseline", "candidate", "cascade"), d.options, strict=False)
        },
        "cascade": _cascade(d),
        "sensitivity": sensitivity.as_dict(d),
        "rule": d.rule.as_dict(),
    }
    return _strict(told)


def _cascade(d: "Decision") -> dict[str, object] | None:
    if d.cascade is None:
        return None
    told: dict[str, object] = {
        "threshold": d.cascade.threshold,
        "passed_on": d.cascade.passed_on,
        "chosen_on": d.cascade.tried.n,
        "reported_on": len(d.cascade.answers),
    }
    for name in ("over_baseline", "over_candidate"):
        balance = getattr(d.cascade, name).balance
        net = balance.net_benefit(d.worth_usd)
        told[name] = {
            "accuracy_alone": d.cascade.alone[name.removeprefix("over_")],
            "delta_accuracy": balance.accuracy.value,
            "interval": (balance.accuracy.low, balance.accuracy.high),
            "delta_cost_usd": balance.cost.value,
            "net_benefit_usd": net.value,
            "net_benefit_interval_usd": (net.low, net.high),
        }
    return told


def _strict(value: object) -> object:
    if isinstance(value, dict):
        return {name: _strict(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_strict(part) for part in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value.item() if hasattr(value, "item") else value
