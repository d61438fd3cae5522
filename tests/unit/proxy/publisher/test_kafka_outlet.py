"""Which of the broker's errors is which result; the rest is in the conformance suite."""

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NotEnoughReplicasError,
    RecordTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from proxy.publisher.kafka_outlet import result_of


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (MessageSizeTooLargeError(), "refused"),
        (RecordTooLargeError(), "refused"),
        (KafkaTimeoutError(), "retry"),
        (KafkaConnectionError(), "retry"),
        (NotEnoughReplicasError(), "retry"),
        (UnknownTopicOrPartitionError(), "retry"),
        (TopicAuthorizationFailedError(), "retry"),
        (TimeoutError(), "retry"),
    ],
)
def test_result_of(error: Exception, result: str) -> None:
    """Only what no retry can mend is refused; rights and topics can be given later."""
    assert result_of(error) == result
