"""The record of one exchange, made from copies of its bytes. Nothing here does I/O or waits.

    capture.py        `Capture`: fed by the relay, asked once for the record
    request_side.py   the request: its copy, and what its body says
    response_side.py  the response: its copy, decoded, as events or as one document
    response_head.py  what the head of a response says of its body
    scrubbing.py      the call's credentials taken out of what is kept
    body_copy.py      bytes kept up to a limit
    json_body.py      JSON gathered to be parsed, or reduced as it passes if it is large
    form.py           the text fields at the beginning of a form
    whole.py          small JSON bodies, kept as they came, read once
    large.py          what is asked of whoever keeps bodies that are over it
    call_fields.py    what a record says of a call whatever became of it
    pace.py           first token and the gaps between tokens
    timings.py        the marks of its course, and the timings made of them
    verdict.py        how it ended, from what the relay and the provider say

No bytes of anyone make `feed_*` or `finish` raise; what cannot be read becomes a note to count.
"""
