"""The pages of `config/reference/`, rendered from the code that they describe.

    markdown.py   a page, a table
    settings.py   every variable: default, what is allowed, meaning
    metrics.py    every metric: kind, labels, meaning
    topics.py     every topic: key, configuration, meaning
    record.py     the fields of the messages, from their models
    routes.py     every path that the process serves; its table is written by hand
    commands.py   every command and option, from what the commands register

All are pure functions from data to text: `tailrace docs` writes the files, and a test compares
them with the code. A new setting, metric, topic, field or command needs no change here.
"""
