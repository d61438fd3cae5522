"""What a typical record of 2 KB costs: building, encoding, decoding and pricing it.

    python -m tests.bench.records

Prints microseconds per call (the best of several rounds), also kept under build/bench/, and exits
with 1 if one of the bounds is broken.
"""

import json
import timeit
from collections.abc import Callable
from pathlib import Path

from app.pricing import Pricer
from app.record.bodies import BodyEnvelope, BodyPart
from app.record.body_codec import decode_bodies, encode_bodies
from app.record.build import build_record
from app.record.codec import decode_record, encode_fact, encode_record
from app.record.fact import Fact
from tests.support.records import REQUEST_ID, STARTED_AT, fields, record

ROUNDS = 15
CALLS = 4000
BOUNDS_US = {"encode_record": 12.0, "decode_record": 12.0, "price": 15.0}
SSE = b'data: {"id":"chatcmpl-1","choices":[{"delta":{"content":"token"}}]}\n\n' * 60


def best_us(call: Callable[[], object]) -> float:
    """Microseconds of one call, in the quietest round."""
    rounds = timeit.repeat(call, number=CALLS, repeat=ROUNDS)
    return round(min(rounds) / CALLS * 1e6, 2)


def measure() -> dict[str, float]:
    """Microseconds by operation, and the sizes that go with them."""
    typical, given, pricer = record(), fields(), Pricer.load()
    raw = encode_record(typical)
    fact = Fact(
        record=typical,
        cost=pricer.price(typical),
        epoch="e1",
        partition=0,
        offset=1,
        metered_at=STARTED_AT,
    )
    envelope = BodyEnvelope(
        "default",
        REQUEST_ID,
        STARTED_AT,
        BodyPart("application/json", "", SSE[:2000]),
        BodyPart("text/event-stream", "", SSE),
    )
    bodies = encode_bodies(envelope)
    return {
        "record_bytes": len(raw),
        "bodies_bytes": len(SSE) + 2000,
        "build_record": best_us(lambda: build_record(**given)),
        "encode_record": best_us(lambda: encode_record(typical)),
        "decode_record": best_us(lambda: decode_record(raw)),
        "encode_fact": best_us(lambda: encode_fact(fact)),
        "price": best_us(lambda: pricer.price(typical)),
        "encode_bodies": best_us(lambda: encode_bodies(envelope)),
        "decode_bodies": best_us(lambda: decode_bodies(bodies)),
    }


def main() -> int:
    """Print the figures; 1 if a bound is broken."""
    figures = measure()
    broken = [name for name, bound_us in BOUNDS_US.items() if figures[name] > bound_us]
    report = {"figures_us": figures, "bounds_us": BOUNDS_US, "broken": broken}
    out = Path("build/bench")
    out.mkdir(parents=True, exist_ok=True)
    (out / "records.json").write_text(json.dumps(report, indent=2))
    print(json.dumps(report, indent=2))
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
