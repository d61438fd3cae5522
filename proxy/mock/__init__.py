"""A provider for trying things without a key or a network: OpenAI chat and Anthropic messages.

    script.py     `Script`: how a call shall be answered, read from `x-mock-*` request headers
    prose.py      the text of an answer and its token counts, derived from the request alone
    openai.py     chat completions and models: answers, events, errors, headers
    anthropic.py  messages: answers, events, errors, headers
    encoding.py   gzip, deflate, br and zstd, whole or flushed per event
    play.py       plays a script on an aiohttp response
    server.py     the routes under `/internal/mock`

Equal requests get equal bytes: ids and times derive from the request's body. Token counts are the
mock's own (a token is a word in the answer, four characters in the prompt), but add up.
"""
