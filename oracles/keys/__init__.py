"""Where the node's key lies: in a keystore file, behind a remote signer, or in a hardware module (PKCS#11).

`opening` makes the one that the settings name. Whatever a key answers is checked against its address before it is used.
"""
