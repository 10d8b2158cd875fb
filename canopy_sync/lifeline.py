"""Ends what the demo started, if the demo itself is killed.

    python -m canopy_sync.lifeline RUN FOLDER

Its standard input is a pipe of which only the demo holds the other end. When the demo ends, in
whatever way, the pipe closes. Unless the demo said before that it has cleared up itself, every
process that carries RUN in its environment is ended then, and the embedded PostgreSQL in FOLDER,
which had detached from us, is stopped.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import psutil

from canopy_sync import postgres, processes

MARK = "CANOPY_DEMO_RUN"
ALL_IS_DONE = b"all is done"
PATIENCE_SECONDS = 2.0


def main(run: str, folder: str) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    told = b""
    while part := os.read(0, 64):
        told += part
    if told == ALL_IS_DONE:
        return
    # By now the kernel has asked the children to end; give them a moment.
    until = time.monotonic() + PATIENCE_SECONDS
    while (left := processes.carrying(MARK, run)) and time.monotonic() < until:
        time.sleep(0.1)
    processes.kill(left)
    if folder:
        try:
            postgres.stop(Path(folder))
        except psutil.Error:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
