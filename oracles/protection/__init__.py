"""What this node has put its name to, in a store of its own that is written before any signature is made.

`statements` says what binds and what contradicts; `store` keeps it; `guard` holds store and database against each
other at the start; `interchange` is the file that moves between machines; `rebuilding` is what is left when the store
is lost.
"""
