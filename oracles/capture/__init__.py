"""EPCIS 2.0 capture over HTTP: what other systems send goes the same way as a file in the inbox.

`app` (the web application: `requests`, `headers`, `answers`, `problems`) asks `reception` and
`queries`; both work on `store`. `capturing` is the node's side: it takes what was stored, one document at a time, in
the node's own thread. Who may come in, and the listening, is
`oracles.http`.
"""
