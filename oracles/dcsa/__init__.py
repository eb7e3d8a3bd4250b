"""Track & Trace from carriers: they call back (`app`), or are asked (`polling`). Both hand pages to the inbox.

`app` checks who sends and puts the body into the inbox before it answers; `polling` asks each carrier in a thread of
its own and keeps a cursor. Reading, deciding and signing are the node's, as for any file.
"""
