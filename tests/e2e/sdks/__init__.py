"""The official SDKs, each case directly against a stand-in server and through the relay.

stand_in.py   a provider that replays answers of recorded shape, and notes what reached it
answers.py    what it replays
case.py       one call, and what is to come of it
openai_chat_cases.py, openai_other_cases.py, anthropic_cases.py, gemini_cases.py   the calls
shared_cases.py   what all three must live through: errors, retries, breaks, timeouts, leaving
clients.py    the packages' clients, made alike
reading.py    how the answer of a call is read, async and sync
outcome.py    what a case came to, in a form that can be compared
comparing.py  a case four times at once, and what must be equal
records.py    what the records of a case say
test_sdks.py  runs them all
test_many.py  all of a package at once
test_cancelled.py  those that a test must act within
"""
