"""
How fast the emulator is: its start with the sample company, and reads and writes a second with
100,000 customers loaded and the limits off.

CUSTOMERS=100000 sets how many; SECONDS=5 how long each is measured. The clients are one other
process with eight connections, so that on two cores one is the emulator's own.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from bench.stage import ROOT, quantile, say

CUSTOMERS = int(os.environ.get("CUSTOMERS", "100000"))
SECONDS = float(os.environ.get("SECONDS", "5"))
CONNECTIONS = 8
STARTS = 5

Make = Callable[[int], tuple[str, str, bytes]]  # number -> method, path, body


@contextmanager
def emulator(company: str, folder: Path) -> Iterator[tuple[str, float]]:
    """A running emulator: its address, and the seconds until it was ready."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [
            sys.executable, "-m", "qbo_emulator", "serve", "--port", "0", "--data", str(folder),
            "--company", company, "--switch", "limits=off", "--die-with-parent",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line.startswith("ready "):
            raise SystemExit("The emulator did not start.")
        yield line.split()[1], time.perf_counter() - began
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=20)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="canopy-bench-") as name:
        starts = []
        for number in range(STARTS):
            with emulator("sample", Path(name) / f"sample{number}") as (_, seconds):
                starts.append(seconds)
        say(f"Start with the sample company: median {quantile(starts, 0.5):.2f} s (<= 1)")
        with emulator(f"bulk:{CUSTOMERS}", Path(name) / "bulk") as (url, seconds):
            say(f"Start with {CUSTOMERS:,} customers: {seconds:.1f} s")
            access = requests.post(f"{url}/emulator/tokens", json={"action": "issue"}, timeout=60)
            _measure(url, access.json())


def _measure(url: str, access: dict[str, Any]) -> None:
    base = f"/v3/company/{access['realm_id']}"
    item = _make_item(url, base, access)
    chance = random.Random(11)

    def read(number: int) -> tuple[str, str, bytes]:
        return "GET", f"{base}/customer/{chance.randint(1, CUSTOMERS)}", b""

    def query(number: int) -> tuple[str, str, bytes]:
        wanted = f"select * from Customer where Id = '{chance.randint(1, CUSTOMERS)}'"
        return "GET", f"{base}/query?query={wanted.replace(' ', '%20')}", b""

    def create(number: int) -> tuple[str, str, bytes]:
        return "POST", f"{base}/customer", _json({"DisplayName": f"Made {number} {os.getpid()}"})

    def bill(number: int) -> tuple[str, str, bytes]:
        detail = {"ItemRef": {"value": item}, "Qty": 4, "UnitPrice": 25}
        line = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        customer = {"value": str(chance.randint(1, CUSTOMERS))}
        return "POST", f"{base}/invoice", _json({"CustomerRef": customer, "Line": [line]})

    for what, make, least in (
        ("reads by id", read, 1000),
        ("queries by id", query, 1000),
        ("customers created", create, 500),
        ("invoices created", bill, 500),
    ):
        rates, refused = _rate(url, access["access_token"], make)
        say(f"{what}: {rates:,.0f} a second (>= {least}), {refused} refused")


def _make_item(url: str, base: str, access: dict[str, Any]) -> str:
    headers = {
        "Authorization": f"Bearer {access['access_token']}",
        "Accept": "application/json",
    }
    query = {"query": "select * from Account where AccountType = 'Income'"}
    found = requests.get(f"{url}{base}/query", params=query, headers=headers, timeout=60).json()
    account = found["QueryResponse"]["Account"][0]["Id"]
    body = {"Name": "Bench hour", "Type": "Service", "IncomeAccountRef": {"value": account}}
    made = requests.post(f"{url}{base}/item", json=body, headers=headers, timeout=60).json()
    return str(made["Item"]["Id"])


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _rate(url: str, token: str, make: Make) -> tuple[float, int]:
    """Answers a second, measured by another process; and how many were not 200."""
    forked = multiprocessing.get_context("fork")
    ours, theirs = forked.Pipe()
    child = forked.Process(target=lambda: theirs.send(_load(url, token, make)))
    child.start()
    if not ours.poll(SECONDS + 60):
        child.kill()
        raise SystemExit("The load did not end.")
    rate, refused = ours.recv()
    child.join(timeout=10)
    return rate, refused


def _load(url: str, token: str, make: Make) -> tuple[float, int]:
    """Keep eight connections busy, one request under way on each."""
    host, port = urlsplit(url).hostname or "", urlsplit(url).port or 80
    head = f"Host: {host}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n"
    sockets = [socket.create_connection((host, port), timeout=30) for _ in range(CONNECTIONS)]
    for each in sockets:
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answered = refused = number = 0
    began = time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        for each in sockets:
            number += 1
            each.sendall(_request(*make(number), head))
        for each in sockets:
            answered += 1
            refused += not _answer(each).startswith(b"HTTP/1.1 200")
    seconds = time.perf_counter() - began
    for each in sockets:
        each.close()
    return answered / seconds, refused


def _request(method: str, path: str, body: bytes, head: str) -> bytes:
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\n{head}{length}\r\n".encode() + body


def _answer(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    top, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in top.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return top


if __name__ == "__main__":
    main()
