"""Costs computed by hand, to the nano-dollar, from the prices in the installed genai-prices data.

1 USD per million tokens is 1,000 nano-USD per token. A failure here after an upgrade of
genai-prices means that a published price changed: compute the line anew by hand.
"""

from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from app.pricing import Pricer
from app.record.model import Usage
from tests.support.records import record

OPENAI = ("openai", "https://api.openai.com/v1")
ANTHROPIC = ("anthropic", "https://api.anthropic.com")
GEMINI = ("gemini", "https://generativelanguage.googleapis.com/v1beta")
DEEPSEEK = ("deepseek", "https://api.deepseek.com")
PERPLEXITY = ("pplx", "https://api.perplexity.ai")
COHERE = ("cohere", "https://api.cohere.com/v2")
MISTRAL = ("mistral", "https://api.mistral.ai/v1")
AZURE = ("corp", "https://corp.openai.azure.com/openai")
OPENROUTER = ("openrouter", "https://openrouter.ai/api/v1")
MOCK = ("mock", "http://127.0.0.1:6066/internal/mock")
WINTER = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Line(NamedTuple):
    upstream: tuple[str, str]
    model: str
    usage: Usage
    nano_usd: int
    started_at: datetime = WINTER


LINES = [
    # 2.50 in, 10 out: 1000 x 2500 + 200 x 10000 = 2,500,000 + 2,000,000
    Line(OPENAI, "gpt-4o", Usage(input=1000, output=200), 4_500_000),
    # 0.15 in, 0.60 out: 1000 x 150 + 200 x 600 = 150,000 + 120,000
    Line(OPENAI, "gpt-4o-mini-2024-07-18", Usage(input=1000, output=200), 270_000),
    # half of the prompt at 0.075: 488 x 150 + 512 x 75 + 200 x 600 = 73,200 + 38,400 + 120,000
    Line(OPENAI, "gpt-4o-mini", Usage(input=1000, output=200, cache_read=512), 231_600),
    # reasoning is part of output: 100 x 1250 + 2000 x 10000 = 125,000 + 20,000,000
    Line(OPENAI, "gpt-5", Usage(input=100, output=2000, reasoning=1500), 20_125_000),
    # 0.05 in, 0.005 cached, 0.40 out: 1 x 50 + 2 x 5 + 1 x 400 = 460
    Line(OPENAI, "gpt-5-nano", Usage(input=3, output=1, cache_read=2), 460),
    # 0.02 in, no output: 777 x 20
    Line(OPENAI, "text-embedding-3-small", Usage(input=777), 15_540),
    # nothing used costs nothing, and that is known
    Line(OPENAI, "gpt-4o", Usage(input=0, output=0), 0),
    # 272,000 prompt tokens are not more than 272,000: 272000 x 2500 + 10 x 15000
    Line(OPENAI, "gpt-5.4", Usage(input=272_000, output=10), 680_150_000),
    # one more, and every token has the tier's price: 272001 x 5000 + 10 x 22500
    Line(OPENAI, "gpt-5.4", Usage(input=272_001, output=10), 1_360_230_000),
    # text 2.50, audio 32 in; text 10, audio 64 out:
    # 100 x 2500 + 400 x 32000 + 50 x 10000 + 150 x 64000
    # = 250,000 + 12,800,000 + 500,000 + 9,600,000
    Line(
        OPENAI,
        "gpt-audio",
        Usage(input=500, output=200, audio_input=400, audio_output=150),
        23_150_000,
    ),
    # our override: audio 40 in, 80 out: 10 x 2500 + 90 x 40000 + 5 x 10000 + 15 x 80000
    # = 25,000 + 3,600,000 + 50,000 + 1,200,000
    Line(
        OPENAI,
        "gpt-4o-audio-preview-2024-12-17",
        Usage(input=100, output=20, audio_input=90, audio_output=15),
        4_875_000,
    ),
    # the older snapshot, 100 in and 200 out: 25,000 + 90 x 100000 + 50,000 + 15 x 200000
    Line(
        OPENAI,
        "gpt-4o-audio-preview-2024-10-01",
        Usage(input=100, output=20, audio_input=90, audio_output=15),
        12_075_000,
    ),
    # o3 until 10 June 2025: 10 in, 40 out: 100 x 10000 + 10 x 40000
    Line(
        OPENAI,
        "o3",
        Usage(input=100, output=10),
        1_400_000,
        datetime(2025, 6, 9, 23, 59, 59, tzinfo=UTC),
    ),
    # and from it on: 2 in, 8 out: 100 x 2000 + 10 x 8000
    Line(OPENAI, "o3", Usage(input=100, output=10), 280_000, datetime(2025, 6, 10, tzinfo=UTC)),
    # 3 in, 15 out: 1000 x 3000 + 100 x 15000
    Line(ANTHROPIC, "claude-sonnet-4-5-20250929", Usage(input=1000, output=100), 4_500_000),
    # read 0.30, written 3.75 (5 minutes) and 6 (1 hour): 8000 + 2000 + 1000, and 1000 plain
    # 1000 x 3000 + 8000 x 300 + 2000 x 3750 + 1000 x 6000 + 900 x 15000
    # = 3,000,000 + 2,400,000 + 7,500,000 + 6,000,000 + 13,500,000
    Line(
        ANTHROPIC,
        "claude-sonnet-4-5",
        Usage(input=12_000, output=900, cache_read=8000, cache_write=3000, cache_write_1h=1000),
        32_400_000,
    ),
    # over 200,000 prompt tokens, cached ones included, all is dearer: 6, 0.60, 7.50, 22.50
    # 1 x 6000 + 150000 x 600 + 50000 x 7500 + 10 x 22500
    # = 6,000 + 90,000,000 + 375,000,000 + 225,000
    Line(
        ANTHROPIC,
        "claude-sonnet-4-5",
        Usage(input=200_001, output=10, cache_read=150_000, cache_write=50_000),
        465_231_000,
    ),
    # 0.25 in, written 0.30, read 0.03, out 1.25: 10 x 250 + 20 x 300 + 30 x 30 + 4 x 1250
    # = 2,500 + 6,000 + 900 + 5,000
    Line(
        ANTHROPIC,
        "claude-3-haiku-20240307",
        Usage(input=60, output=4, cache_read=30, cache_write=20),
        14_400,
    ),
    # 15 in, 75 out: 7 x 15000 + 3 x 75000
    Line(ANTHROPIC, "claude-opus-4-1", Usage(input=7, output=3), 330_000),
    # 1.25 in, 10 out up to 200,000: 200000 x 1250 + 1 x 10000
    Line(GEMINI, "gemini-2.5-pro", Usage(input=200_000, output=1), 250_010_000),
    # beyond: 100001 x 2500 + 100000 x 250 + 1 x 15000 = 250,002,500 + 25,000,000 + 15,000
    Line(
        GEMINI,
        "gemini-2.5-pro",
        Usage(input=200_001, output=1, cache_read=100_000),
        275_017_500,
    ),
    # text 0.30, audio 1.00, out 2.50: 100 x 300 + 900 x 1000 + 10 x 2500
    # = 30,000 + 900,000 + 25,000
    Line(GEMINI, "gemini-2.5-flash", Usage(input=1000, output=10, audio_input=900), 955_000),
    # 0.01875 for a cached token is 18.75 nano-USD: 3 x 18.75 + 1 x 75 + 1 x 300 = 431.25
    Line(GEMINI, "gemini-1.5-flash", Usage(input=4, output=1, cache_read=3), 431),
    # 37.5 nano-USD a token, half to even: 37.5 -> 38
    Line(COHERE, "command-r7b-12-2024", Usage(input=1, output=0), 38),
    # 112.5 -> 112
    Line(COHERE, "command-r7b-12-2024", Usage(input=3, output=0), 112),
    # 5 x 37.5 + 2 x 150 = 487.5 -> 488
    Line(COHERE, "command-r7b-12-2024", Usage(input=5, output=2), 488),
    # by day (00:30 to 16:30 UTC) 0.27, 0.07 and 1.10: 10 x 270 + 90 x 70 + 10 x 1100
    Line(
        DEEPSEEK,
        "deepseek-chat",
        Usage(input=100, output=10, cache_read=90),
        20_000,
        datetime(2025, 3, 1, 16, 29, 59, tzinfo=UTC),
    ),
    # by night half of it: 10 x 135 + 90 x 35 + 10 x 550 = 1,350 + 3,150 + 5,500
    Line(
        DEEPSEEK,
        "deepseek-chat",
        Usage(input=100, output=10, cache_read=90),
        10_000,
        datetime(2025, 3, 1, 16, 30, tzinfo=UTC),
    ),
    # 3 in, 15 out and 14 per 1000 requests: 10 x 3000 + 20 x 15000 + 14,000,000
    Line(PERPLEXITY, "sonar-pro", Usage(input=10, output=20), 14_330_000),
    # 0.1 and 0.3 until 16 March 2026: 1000 x 100 + 100 x 300
    Line(MISTRAL, "mistral-small-latest", Usage(input=1000, output=100), 130_000),
    # 0.15 and 0.6 from then on: 1000 x 150 + 100 x 600
    Line(
        MISTRAL,
        "mistral-small-latest",
        Usage(input=1000, output=100),
        210_000,
        datetime(2026, 3, 16, tzinfo=UTC),
    ),
    # Azure bills OpenAI's models at OpenAI's prices: 1000 x 2500 + 200 x 10000
    Line(AZURE, "gpt-4o-2024-08-06", Usage(input=1000, output=200), 4_500_000),
    # published as free
    Line(OPENROUTER, "qwen/qwen3-coder:free", Usage(input=1000, output=200), 0),
    # the mock's round figures: 1, 2, 0.10, 1.25, 2.00 for an hour:
    # 100 x 1000 + 500 x 100 + 300 x 1250 + 100 x 2000 + 50 x 2000
    # = 100,000 + 50,000 + 375,000 + 200,000 + 100,000
    Line(
        MOCK,
        "whatever",
        Usage(input=1000, output=50, cache_read=500, cache_write=400, cache_write_1h=100),
        825_000,
    ),
]


@pytest.fixture(scope="module")
def pricer() -> Pricer:
    return Pricer.load()


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.model}-{line.nano_usd}")
def test_the_cost_is_the_one_computed_by_hand(pricer: Pricer, line: Line) -> None:
    exchange = record(
        provider=line.upstream[0],
        upstream_url=line.upstream[1],
        model=line.model,
        usage=line.usage,
        started_at=line.started_at,
    )
    cost = pricer.price(exchange)
    assert (cost.nano_usd, cost.unpriced_reason) == (line.nano_usd, None)
