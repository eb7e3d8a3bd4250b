"""What comes in over HTTP: one listener for all interfaces of a node.

`settings` is the table `[http]`; `clients` and `tokens` say who may come in, `commands` makes tokens. `server` listens,
in a thread of its own; `door` is what every request goes through; behind it stand the `interfaces`, each a web
application (`apps`, `bodies`, `problems`) at a path, which `oracles.services` gathers.
"""
