"""From the first record to the last one: seconds and CPU seconds of this process, as one line."""

import json
import sys
import time


class Stopwatch:
    """Counts records; the first starts it."""

    def __init__(self, count: int) -> None:
        """`count` records are to come."""
        self._count, self.seen = count, 0
        self._began_s = self._began_cpu_s = 0.0

    def tick(self) -> bool:
        """One more record; whether it was the last one."""
        if not self.seen:
            self._began_s, self._began_cpu_s = time.perf_counter(), time.process_time()
        self.seen += 1
        return self.seen >= self._count

    def report(self) -> None:
        """Print what it took, once everything is durable."""
        figures = {
            "records": self.seen,
            "took_s": time.perf_counter() - self._began_s,
            "cpu_s": time.process_time() - self._began_cpu_s,
        }
        # Faust takes sys.stdout for its log.
        out = sys.__stdout__
        assert out is not None
        out.write("\n" + json.dumps(figures) + "\n")
        out.flush()
