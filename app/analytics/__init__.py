"""Exchanges in the analytics engine: the row of each, and the questions that are asked of them.

    row.py          a fact as a row of the table `exchanges`; pure
    exchange.py     a row as the API answers it: the record's own members
    parameters.py   values of query parameters: times, numbers, lists; refusals name the field
    filters.py      which exchanges are meant, as conditions with bound parameters
    cursor.py       where a page of the list ends, as opaque text
    listing.py      the list and the single exchange as SQL
    dimensions.py   what statistics are grouped by
    periods.py      from, to and the width of an interval
    statistics.py   grouped sums and quantiles as SQL, and a row of the answer as JSON

SQL is put together of texts in these modules alone; whatever comes from outside is a parameter
that the engine binds. Nothing here does I/O: `app/views/analytics.py` asks the engine.
"""
