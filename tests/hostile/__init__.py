"""Hostile submissions: a small course, one builder for each attack, and the three ways to grade.

In reading order: sample (the quizzes, right and half-right submissions), attack (what an attack
is, and how code is kept from harming the computer that runs the tests), then the attacks by what
they are after, table (all of them), ways (the three entry points) and seen (what came out).
"""
