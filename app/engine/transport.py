"""The transport: our consumer and producer where Faust would make its own."""

from typing import Any, ClassVar

from faust.transport.drivers import aiokafka as driver

from app.engine.consumer import Consumer
from app.engine.producer import Producer


class Transport(driver.Transport):
    """Faust's aiokafka transport with the hardened parts."""

    Consumer: ClassVar[Any] = Consumer
    Producer: ClassVar[Any] = Producer
