"""Match 100,000 contacts against 100,000 customers: seconds and memory."""

from __future__ import annotations

import resource
import sys
import time
from random import Random

from integrations.reconcile.matching import Candidate, match

FIRST = (
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Eve",
    "Finn",
    "Gia",
    "Hal",
    "Ida",
    "Jon",
    "Kay",
    "Leo",
    "Mia",
)
LAST = ("Abel", "Bosch", "Cho", "Diaz", "Egan", "Falk", "Gray", "Hart", "Ives", "Jain", "Katz")
TRADE = ("Roofing", "Plumbing", "Dental", "Bakery", "Consulting", "Catering", "Electric", "Farms")
FORM = ["", " Inc", " LLC", " Co", " Company", " Ltd"]


def make(random: Random, number: int) -> tuple[str, str, str]:
    """A name, an e-mail and a phone."""
    stem = "".join(random.choices("abdefgiklmnoprstuv", k=random.randint(4, 9))).capitalize()
    person = f"{random.choice(FIRST)} {random.choice(LAST)} {stem}"
    company = f"{stem} {random.choice(TRADE)}{random.choice(FORM)}"
    name = person if number % 3 == 0 else company
    return name, f"office{number}@{stem.lower()}.example", f"555 {number:07}"


def main(count: int) -> None:
    random = Random(5)
    ours, theirs = [], []
    for number in range(count):
        name, email, phone = make(random, number)
        ours.append(
            Candidate(id=number, key=name.casefold(), label=name, email=email, phones=(phone,))
        )
        other = name
        if number % 5 == 1:
            other = " ".join(reversed(name.split()))
        elif number % 5 == 2:
            other = name[:3] + name[4:]
        elif number % 5 == 3:
            other, email, phone = make(random, count + number)
        theirs.append(
            Candidate(
                id=str(number), key=other.casefold(), label=other, email=email, phones=(phone,)
            )
        )
    started = time.perf_counter()
    found = match(ours, theirs)
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    suggested = sum(1 for _, suggestion in found.unmatched if suggestion)
    print(
        f"matching {count:,} against {count:,}: {seconds:.1f} s, {memory:.0f} MiB; "
        f"{len(found.pairs):,} pairs, {len(found.duplicates):,} duplicates, "
        f"{len(found.unmatched):,} unmatched ({suggested:,} with a suggestion), "
        f"{found.compared:,} compared"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
