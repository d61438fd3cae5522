"""Standard Webhooks: what we sign is accepted by the reference and by OpenAI's own verifier."""

import time

import pytest
from openai import InvalidWebhookSignatureError, OpenAI
from standardwebhooks import Webhook, WebhookVerificationError

from app.webhooks.signing import headers, mint_secret, secret_bytes, webhook_id

BODY = b'{"type":"exchange.finished","data":{"text":"\xc3\xa4"}}'


def signed(*secrets: str, at_s: int | None = None) -> dict[str, str]:
    keys = [secret_bytes(each) for each in secrets]
    return headers(keys, "msg_1", int(time.time()) if at_s is None else at_s, BODY)


def test_the_specifications_own_example() -> None:
    """From the test vectors of the reference implementations."""
    key = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_both_verifiers_accept_it_during_a_rotation_too() -> None:
    new, old = mint_secret(), mint_secret()
    made = signed(new, old)
    for secret in (new, old):
        Webhook(secret).verify(BODY, made)
        OpenAI(api_key="none").webhooks.verify_signature(BODY, made, secret=secret)


def test_both_refuse_another_body_secret_or_time() -> None:
    secret = mint_secret()
    client = OpenAI(api_key="none").webhooks
    for made, body, by in (
        (signed(secret), BODY + b" ", secret),
        (signed(secret), BODY, mint_secret()),
        (signed(secret, at_s=int(time.time()) - 3600), BODY, secret),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(by).verify(body, made)
        with pytest.raises(InvalidWebhookSignatureError):
            client.verify_signature(body, made, secret=by)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_***",
        "whsec_" + "A" * 120,
    ],
)
def test_what_is_no_secret(text: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        secret_bytes(text)


def test_an_id_is_a_function_of_what_is_sent_to_whom() -> None:
    names = [("t", "r", "e"), ("t2", "r", "e"), ("t", "r2", "e"), ("t", "r", "e2")]
    ids = [webhook_id(*each) for each in names]
    assert len(set(ids)) == len(ids)
    assert webhook_id(*names[0]) == ids[0]
    assert all(each.startswith("msg_") for each in ids)


def test_minted_secrets_differ() -> None:
    assert mint_secret() != mint_secret()
    assert len(secret_bytes(mint_secret())) == 32
