"""When what is due on time is sent; apart from ``beat``, which makes an application by being imported."""

import time
from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """Goes on when the clock of the machine is set back, which Celery's own waits out in silence."""

    seen = 0.0

    def setup_schedule(self) -> None:
        """Read the file, which may have been written by a clock that was ahead."""
        super().setup_schedule()
        self._begin_anew()

    def tick(self, *words: Any, **names: Any) -> float:
        """Send what is due; seconds until there is more."""
        now = time.time()
        if now < self.seen - 1:
            self._begin_anew()
        self.seen = now
        return super().tick(*words, **names)

    def _begin_anew(self) -> None:
        """What ran in a time to come ran now; the order of what is next is made again."""
        for entry in self.schedule.values():
            now = entry.default_now()
            entry.last_run_at = min(entry.last_run_at or now, now)
        self._heap = None
