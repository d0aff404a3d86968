"""The live class: one room answers the same items at once. Started by `course live`.

Its files, in reading order:

    events, names            what is kept of a meeting; how people are called in it
    rounds, commands         the rules: what may happen when, and what it changes (pure)
    tally, advice, telling   what was answered; what to do next; what a reveal says (pure)
    views                    what each role may see (pure)
    store, store_sqlite, store_postgres    the log on the disk
    messages, limits         the protocol, and how often somebody may speak
    line, writer, room       one connection; commits in groups; everyone together
    origin, pages, app, server    over HTTP and WebSocket
    past, export, statistics, replay    what is left of a meeting
    demo                     a class that is played, to try every button
"""
