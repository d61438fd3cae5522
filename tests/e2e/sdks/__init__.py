"""The official SDKs, each case once directly against a stand-in server and once through the relay.

stand_in.py   a provider that replays answers of recorded shape, and notes what reached it
outcome.py    what a case came to, in a form that can be compared
openai_cases.py, anthropic_cases.py, gemini_cases.py   the cases
test_sdks.py  runs them all, async and sync
"""
