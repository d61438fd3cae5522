"""An app of stock Faust as its documentation has it, over raw bytes."""

from typing import Any

import faust


def stock_app(name: str, servers: str, partitions: int, data_dir: str) -> Any:
    """An app with RocksDB tables and no web server; nothing is declared on it."""
    return faust.App(
        name,
        broker=f"kafka://{servers}",
        store="rocksdb://",
        datadir=data_dir,
        web_enabled=False,
        topic_partitions=partitions,
        key_serializer="raw",
        value_serializer="raw",
    )


def run(app: Any) -> None:
    """Run it until it ends its process."""
    faust.Worker(app, loglevel="error").execute_from_commandline()
