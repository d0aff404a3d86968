"""When is the bigger model worth it? A rule, results, and a verdict with its reasons.

    decision = decide("results.csv", "rule.toml")
    decision             # the verdict, why, and what would flip it
    decision.memo()      # a page for whoever has to sign it

Read on in: rule, table, paired, breakeven, limits, cascade, choosing, decide. A model that is
about to leave has its own question: migrate.
"""

from course.upgrade.decide import Decision, decide
from course.upgrade.migrate import Migration, migrate
from course.upgrade.priced import priced
from course.upgrade.rule import Rule, read_rule

__all__ = ["Decision", "Migration", "Rule", "decide", "migrate", "priced", "read_rule"]
