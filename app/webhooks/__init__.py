"""Webhooks: a signed POST for each exchange that an endpoint asked for (Standard Webhooks 1.0.0).

what is kept of an endpoint
    endpoint.py    `Endpoint`: URL, filters, sampling, secrets in force; as the control topic has it
    sealing.py     secrets encrypted with a key from the settings
    registry.py    the endpoints of all tenants, kept in step with the control topic
    changes.py     what the API may say, checked, and turned into endpoints (sans-I/O)
what is sent to whom
    matching.py    a fact -> the deliveries of the endpoints that match it, for the meter (sans-I/O)
    payload.py     a delivery -> the bytes of the event
    signing.py     `whsec_` secrets, webhook ids, the three headers
    links.py       signed links to bodies, that end
one attempt
    addresses.py   which addresses may be called (sans-I/O)
    resolver.py    names resolved, checked and pinned at every connect
    poster.py      the POST; whatever happens is a `Reply`
    replies.py     what a reply means, Retry-After included (sans-I/O)
many attempts
    schedule.py    when the next attempt is, and on which topic it waits (sans-I/O)
    breaker.py     an endpoint that fails is left alone for a while (sans-I/O)
    admission.py   how many attempts at a time; nobody waits for somebody else's slow endpoint
    waiting.py     which messages of a retry topic are due (sans-I/O)
    retries.py     the consumer that brings them back when they are
    replay.py      deliveries made again from the facts of the past week
    facts.py       these facts, read from their topic
    sending.py     a delivery made ready, signed and posted
    notes.py       metrics and log of what became of deliveries
    log.py         what came of each attempt, per endpoint
    api.py         the routes
    of_exchange.py the attempts of one exchange, over HTTP

The agent that sends is `agents/deliver.py`. On the wire delivery is at least once: a process that
is killed between the answer and its note in the table `delivered` sends once more, under the same
`webhook-id`, by which receivers tell repetitions.
"""
