"""How each provider's API is read: one file per dialect, one row in the table.

    table.py               which dialect a path is read in
    base.py                facts of a request and a response; the Protocol of a state
    openai_chat.py         OpenAI chat completions, and all that speak the same
    openai_completions.py  OpenAI's older completions
    openai_responses.py    OpenAI responses
    openai_embeddings.py   OpenAI embeddings
    openai_images.py       OpenAI images
    openai_audio.py        OpenAI speech and transcriptions
    anthropic_messages.py  Anthropic messages
    gemini.py              Gemini generateContent and streamGenerateContent
    ollama.py              Ollama's own chat, generate and embed
    rerank.py              Jina's, Voyage's and others' rerankers
    unbilled.py            what costs no tokens: counting them, files, batches, all that only looks
    unknown.py             anything else: only common names are read
    openai_usage.py        the usage object of OpenAI's APIs and its variants
    fields.py              reading JSON that anyone may have written
    alike.py               events that differ from the one before in their text alone
    likeness.py            what such events have in common
    estimate.py            tokens counted by us
    paths.py               what a path tells: the model, and whether a stream is asked for

Golden exchanges are in `tests/golden/<file>/`.
"""
