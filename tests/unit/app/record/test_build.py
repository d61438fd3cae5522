"""Building never fails for what came over the wire; only a caller's mistake raises."""

from datetime import datetime
from typing import Any

import pytest

from app.errors import RecordError
from app.record.build import build_record, clip_properties
from app.record.codec import decode_record, encode_record
from app.record.fields import MAX_PROPERTIES_BYTES
from tests.support.records import fields, record


def test_a_sound_record_is_built_as_it_is() -> None:
    assert build_record(**fields()) == record()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"error": "line one\nline two"}, {"error": "line one line two"}),
        ({"error": "e" * 5000}, {"error": "e" * 512}),
        ({"model": "m\x00" * 300}, {"model": "m " * 128}),
        ({"model": "lone \ud800"}, {"model": "lone ?"}),
        ({"model": 123}, {"model": None}),
        ({"model_requested": ["a"]}, {"model_requested": None}),
        ({"path": "/" + "p" * 9000}, {"path": "/" + "p" * 1023}),
        ({"user": ""}, {"user": "anonymous"}),
        ({"user": "é" * 129}, {"user": "anonymous"}),
        ({"user": "a\x00b"}, {"user": "anonymous"}),
        ({"user": None}, {"user": "anonymous"}),
        ({"status": 1000}, {"status": None}),
        ({"status": "200 OK"}, {"status": None}),
        ({"client_retry_count": -1}, {"client_retry_count": None}),
        ({"request_bytes": -1}, {"request_bytes": 0}),
        ({"sequence": -1}, {"sequence": 0}),
        ({"properties": {"a\n": "b\x7f"}}, {"properties": {"a ": "b "}}),
        ({"properties": None}, {"properties": {}}),
        ({"usage": {"input": -5, "output": 7}}, {"usage": {"output": 7}}),
        ({"usage": {"input": 10**30, "output": "many"}}, {"usage": {}}),
        ({"usage": "none"}, {"usage": None}),
        (
            {"timings_ms": {"total": -3.0, "first_byte": float("nan"), "first_token": 5}},
            {"timings_ms": {"total": 0, "first_token": 5}},
        ),
        ({"timings_ms": {"total": float("inf")}}, {"timings_ms": {"total": 0}}),
    ],
)
def test_what_the_model_refuses_is_clipped_or_left_out(
    change: dict[str, Any], expected: dict[str, Any]
) -> None:
    built = build_record(**fields(**change))
    assert built == record(**expected)
    assert decode_record(encode_record(built)) == built


def test_many_faults_at_once_are_mended() -> None:
    worst = fields(
        error="\x00" * 9999, user="\n", status=-1, usage={"input": -1, "reasoning": 1.5}, model={}
    )
    built = build_record(**worst)
    assert (built.error, built.user, built.status, built.model) == (
        " " * 512,
        "anonymous",
        None,
        None,
    )


def test_properties_keep_the_first_that_fit_and_cut_the_last() -> None:
    kept = clip_properties({"a": "1", "b": "é" * MAX_PROPERTIES_BYTES, "c": "3"})
    assert kept["a"] == "1"
    assert set(kept["b"]) == {"é"}
    assert sum(len(name.encode()) + len(value.encode()) for name, value in kept.items()) in (
        MAX_PROPERTIES_BYTES - 1,
        MAX_PROPERTIES_BYTES,
    )
    assert len(clip_properties({str(number): "" for number in range(500)})) == 64


@pytest.mark.parametrize(
    "mistake",
    [
        {"request_id": "no uuid"},
        {"tenant": "Not A Tenant"},
        {"outcome": "fine"},
        {"started_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"timings_ms": {}},
        {"timings_ms": None},
    ],
)
def test_a_mistake_of_the_caller_raises(mistake: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match=next(iter(mistake))):
        build_record(**fields(**mistake))


def test_a_forgotten_field_raises() -> None:
    forgetful = fields()
    del forgetful["producer_id"]
    with pytest.raises(RecordError, match="producer_id"):
        build_record(**forgetful)
