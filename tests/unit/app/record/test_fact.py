"""The fact: a cost is a number or a reason."""

from typing import get_args

import pytest
from pydantic import ValidationError

from app.record.fact import Cost, UnpricedReason


@pytest.mark.parametrize("reason", get_args(UnpricedReason))
def test_every_reason_is_documented_and_taken(reason: UnpricedReason) -> None:
    assert Cost(nano_usd=None, price_version="v", unpriced_reason=reason).nano_usd is None
    assert f"    {reason} " in (Cost.__doc__ or "")


def test_an_unlisted_reason_and_a_missing_number_are_refused() -> None:
    with pytest.raises(ValidationError):
        Cost.model_validate({"nano_usd": None, "price_version": "v", "unpriced_reason": "shrug"})
    with pytest.raises(ValidationError, match="nano_usd"):
        Cost.model_validate({"price_version": "v"})
