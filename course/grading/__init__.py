"""Releasing and grading, on the instructor's side: nothing a student's notebook imports.

In reading order: settings (nbgrader's), edition and stubs (what a student receives), generate,
intake (what was handed in), scorer, counting and marks (answers to marks), sandbox and
running (a student's code, run), counter, counted and functions (calls counted, values to marks),
shown and preprocessors (where all hangs in nbgrader), batch, feedback, report; responses,
item_report and item_page (what the answers say about the questions), pseudonyms, where,
gradebook, clean.
"""
