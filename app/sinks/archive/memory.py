"""An object store in a dict: the twin that the sink and the views are tested with."""

from app.errors import SinkRefused, StoreUnavailable

MIN_PART_BYTES = 5 << 20


class MemoryStore:
    """Keeps objects by name. While `trouble` is set, every call raises it."""

    def __init__(self) -> None:
        """An empty bucket that is there."""
        self.objects: dict[str, bytes] = {}
        self.puts_total = 0
        self.trouble: StoreUnavailable | SinkRefused | None = None
        self._state = "new"

    @property
    def state(self) -> str:
        """What the last call found."""
        return self._state

    async def check(self) -> None:
        """Whether there is trouble."""
        self.meet_trouble()

    async def put(self, key: str, data: bytes) -> None:
        """Keep the bytes."""
        self.meet_trouble()
        self.puts_total += 1
        self.objects[key] = data

    async def get(self, key: str, offset: int, length: int) -> bytes | None:
        """Some of the bytes."""
        self.meet_trouble()
        data = self.objects.get(key)
        return None if data is None else data[offset : offset + length]

    async def upload(self, key: str) -> "MemoryUpload":
        """Gather parts."""
        self.meet_trouble()
        return MemoryUpload(self, key)

    async def close(self) -> None:
        """Nothing to let go of."""

    def meet_trouble(self) -> None:
        """Raise what is set, and remember the state."""
        if self.trouble is not None:
            if isinstance(self.trouble, StoreUnavailable):
                self._state = self.trouble.state
            raise self.trouble
        self._state = "ok"


class MemoryUpload:
    """The parts of an object to be."""

    def __init__(self, store: MemoryStore, key: str) -> None:
        """No parts yet."""
        self._store = store
        self._key = key
        self._parts: list[bytes] = []

    async def part(self, data: bytes) -> None:
        """Keep a part."""
        self._store.meet_trouble()
        self._parts.append(data)

    async def finish(self) -> None:
        """Join the parts."""
        if any(len(part) < MIN_PART_BYTES for part in self._parts[:-1]) or not self._parts:
            raise SinkRefused("parts but the last are of 5 MiB or more, and there is one at least")
        await self._store.put(self._key, b"".join(self._parts))

    async def abort(self) -> None:
        """Forget them."""
        self._parts.clear()
