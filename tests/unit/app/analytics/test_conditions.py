from app.analytics.conditions import Conditions, at_ms


def test_values_are_bound_and_texts_joined() -> None:
    conditions = Conditions()
    conditions.add("a = %s", "String", "x' OR 1=1")
    conditions.add("b")
    conditions.add(f"c < {at_ms(conditions, 5)}")
    assert conditions.where == (
        "a = {p0:String} AND b AND c < fromUnixTimestamp64Milli({p1:Int64}, 'UTC')"
    )
    assert conditions.parameters == {"p0": "x' OR 1=1", "p1": 5}
