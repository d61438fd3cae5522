"""Passing calls through: bytes up, bytes down, and one record of each call.

    handler.py     `Relay`: one call from its head to its record
    in_place.py    `InPlaceCall`: a plain call, relayed in callbacks, without a task
    call.py        `Call`: what is known of a call under way, and how it ended
    caller.py      whose call it is, as its own fields say
    recording.py   `Recorder`: what a record is made with; interfaces to capture and publisher
    sending.py     `Sender`: the way up, and the wait for the response's head
    usage_option.py  asking for a stream's usage where the client did not
    upload.py      `Upload`: the client's body on its way up, a copy to the capture
    downstream.py  `Downstream`: the response on the client's connection, byte for byte
    drain.py       `Drains`: reading on after a client left, for the usage
    completed.py   `Completed`: calls that went well, finished when the loop has time
    finishing.py   `Finishing`: records that wait until it is known what becomes of large bodies
    headers.py     which header fields pass (RFC 9110 §7.6.1), split in one walk
    destination.py where a call goes, and the request as it goes there
    addresses.py   addresses in a response's head lead back through the relay
    errors.py      our own errors in the called API's shape
    secrets.py     the credentials of a call, wherever they travel
    upstreams.py   the table of named upstreams
    targets.py     `Targets`: an upstream of the client's own choice, on an allow-list

A plain call (a POST whose body has come) is taken in place; any other one, and the rest of one that
turns out to need more than its bytes passed on, goes through `Relay` in a task: the same steps.
Nothing here parses a body: the capture sees a copy of each chunk, and a capture that fails is
counted, never felt by the client.
"""
