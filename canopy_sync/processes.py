"""Starting and ending other processes, so that none is left behind.

Each child gets its own session: a Ctrl-C in the terminal reaches only us, and we tell each child's
main process. To signal the whole group would break the queue, which stops from its main process.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(sent: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send us `sent` when our parent ends. Only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(sent))


def start(
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    folder: Path,
    log: Path | None = None,
    dies_by: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session; it is sent `dies_by` if this process ends first."""
    output = log.open("ab") if log else None
    try:
        return subprocess.Popen(
            [str(each) for each in arguments],
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(dies_by),  # no thread runs yet
        )
    finally:
        if output:
            output.close()


def family(pid: int) -> list[psutil.Process]:
    """The process and all that descend from it, as far as they live."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def is_alive(process: psutil.Process) -> bool:
    """Whether it still does something; a zombie only waits to be taken note of."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill(processes: Sequence[psutil.Process]) -> None:
    """End these at once, and wait until they are gone."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=5)


def stop(children: Sequence[subprocess.Popen[bytes]], *, seconds: float) -> None:
    """
    Ask each child's main process to end; what is still there after `seconds` is killed, whole.

    What a child leaves behind when it ends is killed as well.
    """
    families = {child.pid: family(child.pid) for child in children}
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(child.poll() is None for child in children):
        time.sleep(0.02)
    left = {each for found in families.values() for each in found if is_alive(each)}
    left |= {each for child in children if child.poll() is None for each in family(child.pid)}
    kill(list(left))
    for child in children:
        child.wait(timeout=5)


def carrying(variable: str, value: str) -> list[psutil.Process]:
    """All our processes whose environment holds `variable=value`, but this one."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(variable) == value:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found
