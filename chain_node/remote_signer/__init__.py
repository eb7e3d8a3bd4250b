"""A key behind a remote signer: JSON-RPC as Web3Signer, Clef and nodes speak it, over HTTP(S) or a Unix socket.

Oracle nodes and the gateway ask through here. Whatever a signer answers is checked before it is used: it recovers
to the account, and a transaction is byte by byte the one that was asked for.
"""
