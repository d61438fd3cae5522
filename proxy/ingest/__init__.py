"""Records made elsewhere, taken in by `POST /api/v1/log`.

    wire.py      the lines of a request: written by the fallback's client, read here (sans-I/O)
    reading.py   a line as an exchange of ours: whose it is, and what is wrong with it (sans-I/O)
    intake.py    a request's exchanges made durable, and the answer
    routes.py    the route: sizes, the token

A 202 means that everything it calls accepted is durable: acknowledged by the broker, else in the
local spill. Nothing that came in here is passed on to a fallback backend again.
"""
