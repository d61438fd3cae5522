"""Rolling upgrades: a producer of another build, and a meter of this one, and the other way round.

`tests/golden/records/v1.json` is a record as the first build wrote it. It is never changed: a field
that is added since must be optional, one that is removed makes a new version.
"""

import json
from typing import Any

import orjson
import pytest

from app.errors import RecordError
from app.record.codec import decode_record, encode_record
from app.record.keys import exchange_key
from app.record.model import Record
from tests.support.metering import Rig
from tests.support.processes import REPO

GOLDEN = REPO / "tests" / "golden" / "records" / "v1.json"
NEEDED = {
    *("request_id", "producer_id", "sequence", "produced_at", "provider", "dialect"),
    *("upstream_url", "path", "method", "started_at", "outcome", "timings_ms"),
}


def golden() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(GOLDEN.read_text())
    return loaded


def newer() -> dict[str, Any]:
    """The same from a build that knows more, at every level."""
    record = golden()
    record |= {"novelty": {"deep": [1]}, "usage": {**record["usage"], "thoughts": 7}}
    record["timings_ms"] |= {"first_thought": 1.5}
    return record


def bare() -> dict[str, Any]:
    """The same with nothing that may be absent."""
    return {name: value for name, value in golden().items() if name in NEEDED}


@pytest.mark.parametrize("wire", [golden(), newer(), bare()], ids=["first", "newer", "bare"])
def test_the_meter_of_this_build_counts_it(wire: dict[str, Any]) -> None:
    rig = Rig()
    record = decode_record(orjson.dumps(wire))
    key = exchange_key(record.tenant, record.user, record.request_id)
    rig.send_raw(key, orjson.dumps(wire))
    rig.drain()
    (fact,) = rig.facts()
    assert (fact.record.request_id, fact.record.user) == (record.request_id, record.user)
    assert fact.record.tenant == "default"
    assert rig.letters() == []


def test_what_this_build_writes_the_first_one_reads() -> None:
    """Every field it knows has the type it had; nothing it needs is gone."""
    written = json.loads(encode_record(decode_record(orjson.dumps(golden()))))
    for name, value in golden().items():
        assert written[name] == value, name
    assert set(Record.model_fields) >= NEEDED
    required = {name for name, info in Record.model_fields.items() if info.is_required()}
    assert required == NEEDED


def test_the_next_version_is_kept_for_a_build_that_knows_it() -> None:
    with pytest.raises(RecordError) as refused:
        decode_record(orjson.dumps(golden() | {"schema_version": 2}))
    assert refused.value.reason == "unknown_version"
