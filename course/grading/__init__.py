"""Releasing and grading, on the instructor's side: nothing a student's notebook imports.

In reading order:

    settings, careful, where, gradebook      nbgrader's settings, folders and database
    edition, stubs, cells, generate          what a student receives
    intake, scorer, counting, marks          what was handed in, and answers to marks
    sandbox, running, code                   a student's code, run
    counter, counted, functions              calls counted, values to marks
    shown, clean, preprocessors              where all of this hangs in nbgrader
    work, sheet, quick                       one submission, graded in memory
    tasks, pool, writer, rows, folders       a class: who is graded, by whom, and what is kept
    cluster, cluster_join, cluster_worker    the same on other computers
    batch, progress, summary                 `course grade`, around all of that
    preflight, reach                         what to know before grading
    recorded, report, feedback, late         what students and instructors read afterwards
    export, roster                           marks for other programs
    responses, item_report, item_page, item_tables, item_plots, pseudonyms
                                             what the answers say about the questions
"""
