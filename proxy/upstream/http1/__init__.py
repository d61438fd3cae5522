"""An HTTP/1.1 client that carries bytes from an upstream to whoever reads, and little else.

    request.py     a request's head as it is sent, and how its body is framed (sans-I/O)
    parser.py      responses out of bytes, strictly, by llhttp (sans-I/O)
    connection.py  one connection: one exchange at a time, back-pressure both ways
    response.py    the response of one exchange, as the relay reads it
    upload.py      a body of unknown length, sent while the answer may come already
    pool.py        connections kept for the next request, bounded in number and age
    client.py      `Http1Upstream`: an `UpstreamClient`

A connection is used again only where both sides are known to be at the end of a message; whatever
is in doubt closes it. A request is sent twice only if it is safe and no byte of an answer came.
"""
