"""The bundling relay: nodes say what they have decided, it proposes lists, they sign what their papers support, and it
sends one transaction for many facts. `docs/decisions/0030-a-relay-bundles-votes.md` has the protocol.

On the relay's side `app` answers over HTTP, `desk` is what its threads share, `gathering` makes lists of offers and
bundles of votes. On the node's side `client` talks with relays, `mail` is what its threads share, `voting` signs,
settles and falls back. `messages` is what both say to each other.
"""
