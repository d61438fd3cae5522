"""The analytics engine: a ClickHouse server, or the same engine embedded; one client for both.

protocol.py   what others see of it
memory.py     the twin for tests
"""
