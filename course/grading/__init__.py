"""Releasing and grading, on the instructor's side: nothing a student's notebook imports.

In reading order: settings (nbgrader's), edition (what a student receives), scorer (answers to
marks), preprocessors (where both hang in nbgrader), generate, intake, batch, report.
"""
