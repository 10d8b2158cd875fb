"""One emulator process for the whole run; every test begins with a fresh company."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from intuitlib.client import AuthClient
from quickbooks import QuickBooks

ROOT = Path(__file__).parents[2]
CALLBACK = "http://127.0.0.1:8123/settings/integrations/qbo/callback/"


class Quick:
    """A plain HTTP client: `api` is what an app does, `control` what a test does."""

    def __init__(self, base_url: str, data: Path) -> None:
        self.base_url = base_url
        self.data = data
        self.http = requests.Session()
        self.access: dict[str, Any] = {}

    def reset(self, company: str = "sample", **rest: Any) -> None:
        body = {"company": company, "switches": {"limits": False}, "webhook_url": "", **rest}
        self.access = self.control("POST", "reset", body)

    # --- Control ---

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(
            method, f"{self.base_url}/emulator/{path}", json=body, timeout=30
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def switch(self, **switches: Any) -> None:
        self.control("POST", "switches", switches)

    def arm(self, kind: str, **rule: Any) -> None:
        self.control("POST", "faults", {"kind": kind, **rule})

    def act(self, operation: str, id: str = "", **rest: Any) -> dict[str, Any]:
        body = {"entity": "Customer", "operation": operation, "id": id, **rest}
        answer = self.control("POST", "act", body)
        customer: dict[str, Any] = answer[body["entity"]]
        return customer

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance_seconds": seconds})

    @property
    def counts(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "counts")
        return found

    def stored(self, id: str, entity: str = "customer") -> dict[str, Any]:
        path = f"objects/{self.realm}/{entity}/{id}"
        return next(iter(self.control("GET", path).values()))

    # --- The API ---

    @property
    def realm(self) -> str:
        return str(self.access["realm_id"])

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.access['access_token']}",
            "Accept": "application/json",
        }

    def api(self, method: str, path: str, **rest: Any) -> requests.Response:
        headers = {**self.headers, **rest.pop("headers", {})}
        url = f"{self.base_url}/v3/company/{self.realm}/{path}"
        return self.http.request(method, url, headers=headers, timeout=30, **rest)

    def post(self, body: Any, entity: str = "Customer", **params: Any) -> requests.Response:
        return self.api("POST", entity.lower(), json=body, params=params)

    def create(self, entity: str = "Customer", **fields: Any) -> dict[str, Any]:
        answer = self.post(fields, entity)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()[entity]
        return made

    def update(
        self, current: dict[str, Any], entity: str = "Customer", **fields: Any
    ) -> requests.Response:
        """A sparse update from the version in `current`."""
        head = {"Id": current["Id"], "SyncToken": current["SyncToken"], "sparse": True}
        return self.post({**head, **fields}, entity)

    def read(self, id: str, entity: str = "Customer") -> dict[str, Any]:
        answer = self.api("GET", f"{entity.lower()}/{id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()[entity]
        return found

    def ask(self, statement: str) -> requests.Response:
        return self.api(
            "POST",
            "query",
            data=statement.encode(),
            headers={"Content-Type": "application/text"},
        )

    def query(self, statement: str) -> dict[str, Any]:
        answer = self.ask(statement)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["QueryResponse"]
        return found

    def names(self, rest: str = "") -> list[str]:
        found = self.query(f"SELECT * FROM Customer {rest}").get("Customer", [])
        return [customer["DisplayName"] for customer in found]


def fault(answer: requests.Response) -> dict[str, Any]:
    """The first error of a Fault, with the HTTP status checked."""
    assert answer.status_code == 400, answer.text
    error: dict[str, Any] = answer.json()["Fault"]["Error"][0]
    return error


def start(data: Path, *options: str) -> tuple[subprocess.Popen[str], str]:
    """Start a server on a free port; returns it and its address once it is ready."""
    command = [sys.executable, "-m", "qbo_emulator", "serve", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(
        [*command, "--die-with-parent", *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("ready "), line
    return process, line.split()[1]


@pytest.fixture(scope="session")
def _server() -> Iterator[Quick]:
    with tempfile.TemporaryDirectory() as directory:
        process, base_url = start(Path(directory))
        yield Quick(base_url, Path(directory))
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def qbo(_server: Quick) -> Quick:
    """The emulator with the sample company, limits off, and a live access token."""
    _server.reset()
    return _server


def auth_client(qbo: Quick) -> AuthClient:
    """intuit-oauth, unchanged but for the address of the discovery document (11.1)."""
    return AuthClient(
        client_id="emulator-client",
        client_secret="emulator-secret",
        redirect_uri=CALLBACK,
        environment=f"{qbo.base_url}/.well-known/openid_sandbox_configuration",
    )


@pytest.fixture
def client(qbo: Quick, monkeypatch: pytest.MonkeyPatch) -> QuickBooks:
    """python-quickbooks, unchanged but for its address; it refreshes at once (11.2)."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{qbo.base_url}/v3")
    return QuickBooks(
        auth_client=auth_client(qbo),
        refresh_token=qbo.access["refresh_token"],
        company_id=qbo.realm,
        minorversion=75,
    )
