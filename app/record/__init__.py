"""What travels through the topics: the record and its relatives, and how they are encoded.

    model.py        `Record` (envelope v1): one exchange, metadata only
    fields.py       the bounded types of its fields: text, counts, durations, UTC times
    build.py        `build_record`: what a model would refuse is clipped, for producers
    draft.py        `Draft`: a record that is known to be sound, written without a model
    fact.py         `Fact`: the priced, deduplicated row that `meter` emits
    failure.py      which exchanges count as errors
    bodies.py       `BodyEnvelope`: request and response bytes of one exchange
    delivery.py     `Delivery`: a webhook to be sent, with its fact
    dead_letter.py  `DeadLetter`: raw bytes that could not be handled, with reason and origin
    codec.py        bytes <-> models; the only place that maps validation errors to ours
    body_codec.py   bytes <-> `BodyEnvelope`;  body_header.py, header_json.py  its head
    schema.py       the JSON schema of the record
    keys.py         message keys: `tenant|user`, anonymous sub-keys, request ids
    topics.py       names and configurations of all topics

Wire format: JSON (bodies: a framed, compressed binary). New fields are optional with a stated
meaning of "absent"; removing one is a new `schema_version`.
"""
