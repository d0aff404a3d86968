"""What the endpoint answers, and when: nothing in here knows of HTTP.

ask (a request and its answer, whichever API it came by), models (limits and speeds), simulator
(from the one to the other), mind (what is said, and why that), replies (the authored book),
tasks (those with a reference answer, read from `references`), abilities (how often a model is
right), given (its answers), card (every figure with its basis), schema (JSON schemas and their
instances), tools (of a request), choosing (which are called), history (of their calls), flagging,
logprobs, cutting (tokens, limits, stops), prefixes (cached tokens), pace (waits).
"""
