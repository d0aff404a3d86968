"""An OpenAI-compatible endpoint on this computer. No reply of it comes from a language model.

Its files in reading order: local (starts one and keeps it alive), options (what can be set),
server (runs it), app (the routes), exchange (one HTTP request), calls (the life of one call:
admission, limits, faults, truth, on one clock), service (all parts put together), page (the page
at /), wire (errors and ids), refusals (OpenAI's words for what is wrong), version, folder. `api`
is what it speaks, `simulation` what it answers.
"""
