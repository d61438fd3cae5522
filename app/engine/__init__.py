"""The hardened Faust: the only place that touches private names of faust, mode and aiokafka.

contracts.py        what agents and tables see of it; `memory.py` their twins for tests
options.py          everything an incarnation is built from; `security.py`, `settings.py`
stream_side.py      one incarnation after the other, supervised with `backoff.py`
app.py              StreamApp, one incarnation: fail-stop instead of crashing its neighbours
live.py             reading tables from outside of a handler
copies.py           how old copies of partitions are: pure; `standbys.py` keeps them dated
membership.py       who a worker is to the consumer group, across its restarts
lease.py            how long its partitions are surely its own: nothing is sent or shown beyond
process.py          the loop from a stream to a handler: handle, write, ack, within bounds;
                    `slices.py` has the messages that come together
sinking.py          streams that wait for a sink: batches, or messages concurrently
ordered.py          what of a partition is being tried, done, to be acked: pure; how it is
                    grouped by `batching.py`, `concurrency.py`
asynchronous.py     the loop around them: tasks, pauses, reading again; `tracks.py`, `attempts.py`
consumer.py         commits never pass a message in progress and wait for its effects
fetching.py         pauses that last, full buffers that block nobody, records never dropped
consumer_thread.py  the Kafka client's thread: puts back, reports, and ends without blocking
fetch_waits.py      a fetch that finds nothing keeps nobody waiting
plain_consumer.py   a consumer without Faust that ends while no broker answers
connections.py      a lost connection is an error of Kafka's, for every client of the process
queues.py, topic.py stream buffers bounded by bytes; topics of raw bytes that always decode
lag.py              how far behind the streams are: pure; `lag_sources.py` has the figures
outbox.py           ordered sending with a barrier instead of a wait; `watermark.py` counts,
                    `batches.py` makes one batch of what goes together
producer.py         idempotent, bounded at its stop; `transport.py` puts both in place
tables.py, rocks.py bytes to bytes for the message in hand; bounded databases, closed for good
hooks.py            callbacks for partitions that come and go, in pairs
host.py, web.py     the app of the process: HTTP without Kafka, stopped in an order that loses
                    nothing
topic_ids.py        what tells a topic from one of the same name made anew
"""
