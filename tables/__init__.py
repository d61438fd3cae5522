"""The live tables: what they hold, how it is encoded, and the HTTP views that answer from them.

    definitions.py      names, keys and lifetimes of the tables
    aggregate.py        `users`: one bounded, guarded value per tenant|user
      tally.py            its columns          histogram.py   durations, quantiles within 3 %
      by_model.py         totals by model      buckets.py     hours and days
      aggregate_codec.py  to and from bytes    aggregate_json.py   as the API answers it
    seen.py             `seen`: where each request id was first counted
    top_users.py        the ranking of users, in memory; rebuild.py reads it anew after recovery
    views.py            /api/v1/users and /api/v1/users/{user}; query.py   their parameters
    routed.py           a key read where its partition is held, this worker or another
    user_reads.py       a user from the owners, or, where that is welcome, from copies (copies.py)
    gathering.py        the ranking of all workers; standings.py   several as one
    internal_views.py   what other workers may ask

Values are pure: they are decoded, changed by a function and encoded again; I/O is in the views,
`routed.py`, `copies.py`, `gathering.py` and `rebuild.py`. What decoders raise is a RecordError.
"""
