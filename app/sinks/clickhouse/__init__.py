"""The analytics engine: a ClickHouse server, or the same engine embedded; one client for both.

protocol.py     what others see of it: insert rows, ask questions
memory.py       the twin for tests
client.py       the engine over HTTP, by clickhouse-connect
address.py      where it is, from the URL of the settings
connection.py   opening a client, applying migrations
migrations.py   `config/sql/NNNN_name.sql`: which ones a database needs
json_rows.py    rows to JSON lines and back, in slices
answers.py      faults of the engine to our errors, in one place
"""
