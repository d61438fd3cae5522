"""The official SDKs, each case once directly against a stand-in server and once through the relay.

stand_in.py, answers.py   a provider that replays answers of recorded shape, and notes what came
clients.py                the three packages and how their clients are made
case.py, outcome.py       one call, and what it came to in a form that can be compared
openai_cases.py, anthropic_cases.py, gemini_cases.py   the cases
both.py                   a case done both ways
test_sdks.py              every case, async and sync: results, bytes, headers, exceptions, requests
test_retries.py           what is tried again, how often, when, and what the records say
test_hang_ups.py          callers that cancel or wait no longer, before and within an answer
"""
