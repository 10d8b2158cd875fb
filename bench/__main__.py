"""Run the measurements one after another, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

NAMES = (
    "edits",
    "billing",
    "first_sync",
    "books",
    "lost_answers",
    "matching",
    "lists",
    "emulator",
)


def main() -> int:
    chosen = sys.argv[1:] or NAMES
    unknown = set(chosen) - set(NAMES)
    if unknown:
        print(f"No such measurement: {', '.join(sorted(unknown))}. There are {', '.join(NAMES)}.")
        return 2
    return max(
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
        for name in chosen
    )


if __name__ == "__main__":
    sys.exit(main())
