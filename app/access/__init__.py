"""Who may see what: keys, and the tenant that each of them stands for.

    keys.py        minting, parsing and storing a key; only its hash is kept (sans-I/O)
    directory.py   the keys that this process knows, by id
    gate.py        which requests need which key; everything that is not named needs one

A tenant comes from a key and never from a parameter. What is refused is told the same whether the
key is unknown, wrong or revoked.
"""
