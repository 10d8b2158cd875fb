"""One cluster of django-q2, as a child of the worker's supervisor.

    python -m canopy_sync.cluster

No process of it outlives the one that started it: a sentinel or worker left over would go on
taking tasks that nobody watches.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import django

STOP_SECONDS = 20.0


def main() -> None:
    parent = os.getppid()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "canopy_sync.settings")
    django.setup()

    from django_q.cluster import Cluster

    from canopy_sync import heartbeat, processes

    heartbeat.tell(Path(os.environ[heartbeat.FOLDER]))
    os.register_at_fork(after_in_child=processes.die_with_parent)
    cluster = Cluster()
    cluster.start()
    if cluster.sentinel is None:  # stopped while it started
        return
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    cluster.sentinel.join()


def _end_with(parent: int) -> None:
    """Stop when the supervisor is gone; end by force if that takes too long."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
