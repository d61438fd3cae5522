"""Where there is nothing to read, that is said."""

import pytest

from app.accounting.reading import read_ledger
from app.errors import Unavailable
from app.record.topics import Topics


async def test_no_broker() -> None:
    with pytest.raises(Unavailable):
        await read_ledger(Topics(), {"bootstrap_servers": "127.0.0.1:1"}, since_s=0, until_s=60)
