import pytest

from app.analytics.conditions import Conditions
from app.analytics.dimensions import dimensions_of, expressions
from app.errors import QueryRefused


def test_names_by_commas() -> None:
    assert dimensions_of([]) == []
    assert dimensions_of([("group_by", "")]) == []
    names = ["time", "model", "property:env", "user"]
    assert dimensions_of([("group_by", ",".join(names))]) == names


@pytest.mark.parametrize(
    "text",
    [
        *(
            "colour",
            "model,",
            "model,model",
            "property:",
            "property:a\n",
            "time,user,model,status,key_id",
        ),
        *("request_id", "user; DROP TABLE x", "property:" + "x" * 257),
    ],
)
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(QueryRefused) as raised:
        dimensions_of([("group_by", text)])
    assert raised.value.field == "group_by"


def test_a_key_from_outside_is_bound() -> None:
    conditions = Conditions()
    time, env = expressions(["time", "property:e'nv"], conditions, 60)
    assert conditions.parameters == {"p0": 60_000, "p1": "e'nv"}
    assert "e'nv" not in env.expression
    assert "{p0:Int64}" in time.expression
