"""An OpenAI-compatible endpoint on this computer. No reply of it comes from a language model.

Its files in reading order: local (starts one and keeps it alive), server (runs it), app (the
routes), exchange (one HTTP request), request (the body of a chat request), chat (from request
to reply, and when), replies (what is said, with replies.toml), prefixes (cached tokens), models
(limits and speeds), wire (shapes of replies and errors), page (the page at /), version, folder.
"""
