"""A table of users as stock Faust restores it: from an empty directory until it is whole.

    python -m tests.bench.meters.restoring --servers HOST:PORT --app NAME --partitions N

Its changelog `NAME-users-changelog` is filled already. Ends the process with code 0 when it is.
"""

import argparse
import os
import tempfile
from typing import Any

from tests.bench.meters.stock_faust import run, stock_app


def app_of(servers: str, name: str, partitions: int, data_dir: str) -> Any:
    """An app that ends when its table is recovered."""
    app = stock_app(name, servers, partitions, data_dir)
    raw = {"key_type": bytes, "value_type": bytes, "partitions": partitions}
    source = app.topic(f"{name}-source", key_type=bytes, value_type=bytes, partitions=partitions)
    users = app.Table("users", **raw)

    @app.agent(source)
    async def count(stream: Any) -> None:
        async for event in stream.events():
            users[event.key] = event.value

    @app.on_rebalance_complete.connect
    async def whole(*_: Any, **__: Any) -> None:
        os._exit(0)

    return app


def main() -> None:
    """Run until it is restored."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", required=True)
    parser.add_argument("--app", required=True)
    parser.add_argument("--partitions", type=int, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as data_dir:
        app = app_of(args.servers, args.app, args.partitions, data_dir)
        run(app)


if __name__ == "__main__":
    main()
