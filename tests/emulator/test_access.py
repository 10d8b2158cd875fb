"""Who may do what, for how long: 1.5 to 1.9 of the API reference beyond the plain flow."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from .conftest import ROOT, Quick, fault
from .test_desk import Desk
from .test_oauth import CALLBACK, consent, reads, refresh, sign_in, token

LANDING = "http://127.0.0.1:8123/settings/integrations/qbo/disconnected/"


def exchange(qbo: Quick, code: str) -> dict[str, Any]:
    answer = token(qbo, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def second_app(qbo: Quick) -> dict[str, Any]:
    """Another app, connected to the same company."""
    qbo.control("POST", "apps", {"client_id": "second", "client_secret": "s", "redirect_uris": []})
    found: dict[str, Any] = qbo.control("POST", "tokens", {"action": "new", "client_id": "second"})
    return found


# --- Companies ---


def test_of_several_companies_the_chosen_one_is_connected_1_2(qbo: Quick) -> None:
    other = qbo.control("POST", "companies", {"company": "empty"})["realm_id"]
    page = sign_in(qbo).get(f"{qbo.base_url}/consent", params=_asked(), timeout=30).text
    assert [f'value="{realm}"' in page for realm in (qbo.realm, other)] == [True, True]

    found = consent(qbo, company=other)

    assert found["realmId"] == other
    access = exchange(qbo, found["code"])["access_token"]
    assert reads(qbo, access, other).json()["Fault"]["Error"][0]["code"] == "610"  # it is empty
    assert reads(qbo, access, qbo.realm).status_code == 403


def test_connecting_to_another_company_leaves_the_first_connection_alone_1_9(qbo: Quick) -> None:
    other = qbo.control("POST", "companies", {"company": "empty"})["realm_id"]

    exchange(qbo, consent(qbo, company=other)["code"])

    assert qbo.read("1")["Id"] == "1"


def test_a_company_that_does_not_exist_any_more_cannot_be_chosen_1_2(qbo: Quick) -> None:
    body = {**_asked(), "company": "1234567890123456", "decision": "connect"}
    answer = sign_in(qbo).post(
        f"{qbo.base_url}/consent", data=body, allow_redirects=False, timeout=30
    )

    assert answer.status_code == 400


@pytest.mark.parametrize(("ends_old", "status"), [(True, 401), (False, 200)])
def test_connecting_again_ends_the_old_tokens_or_not_1_9(
    qbo: Quick, ends_old: bool, status: int
) -> None:
    qbo.switch(reconnect_ends_old=ends_old)

    newer = exchange(qbo, consent(qbo)["code"])

    assert qbo.api("GET", "customer/1").status_code == status
    assert reads(qbo, newer["access_token"]).status_code == 200


def _asked() -> dict[str, str]:
    from .test_oauth import asked

    return asked()


# --- Tokens are bound to app and company ---


def test_a_refresh_token_of_another_app_is_refused_and_lives_on_1_8(qbo: Quick) -> None:
    theirs = second_app(qbo)["refresh_token"]

    answer = refresh(qbo, theirs)

    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "Incorrect Token type or clientID"},
    )
    own = requests.post(
        f"{qbo.base_url}/oauth2/v1/tokens/bearer",
        data={"grant_type": "refresh_token", "refresh_token": theirs},
        auth=("second", "s"),
        timeout=30,
    )
    assert own.status_code == 200


def test_an_app_cannot_revoke_what_another_was_given_1_6(qbo: Quick) -> None:
    theirs = second_app(qbo)

    answer = requests.post(
        f"{qbo.base_url}/v2/oauth2/tokens/revoke",
        json={"token": theirs["refresh_token"]},
        auth=("emulator-client", "emulator-secret"),
        timeout=30,
    )

    assert answer.status_code == 400
    assert reads(qbo, theirs["access_token"]).status_code == 200


def test_a_refresh_token_that_was_never_given_is_invalid_1_8(qbo: Quick) -> None:
    assert refresh(qbo, "AB11nonsense").json() == {
        "error": "invalid_grant",
        "error_description": "Token invalid",
    }


def test_a_code_of_another_app_is_refused_1_8(qbo: Quick) -> None:
    second_app(qbo)
    code = consent(qbo)["code"]

    answer = requests.post(
        f"{qbo.base_url}/oauth2/v1/tokens/bearer",
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK},
        auth=("second", "s"),
        timeout=30,
    )

    assert answer.json()["error"] == "invalid_grant"


def test_a_token_without_the_accounting_scope_reads_no_books_1_2(qbo: Quick) -> None:
    access = exchange(qbo, consent(qbo, scope="openid")["code"])["access_token"]

    assert reads(qbo, access).status_code == 403


def test_after_a_disconnect_calls_get_401_and_refreshes_invalid_grant_1_9(qbo: Quick) -> None:
    qbo.control("POST", "tokens", {"action": "disconnect"})

    answer = qbo.api("GET", "customer/1")
    assert answer.status_code == 401
    assert answer.json()["fault"]["error"][0]["code"] == "3200"
    assert refresh(qbo, qbo.access["refresh_token"]).json()["error"] == "invalid_grant"
    again = exchange(qbo, consent(qbo)["code"])  # the same flow once more
    assert reads(qbo, again["access_token"]).status_code == 200


def test_a_rule_that_revokes_ends_the_connection_during_a_run_1_9(qbo: Quick) -> None:
    qbo.arm("revoke", operation="read", nth=2)

    statuses = [qbo.api("GET", "customer/1").status_code for _ in range(3)]

    assert statuses == [200, 401, 401]
    assert refresh(qbo, qbo.access["refresh_token"]).status_code == 400


def test_an_access_token_lives_for_an_hour_and_is_refreshed_1_5(qbo: Quick) -> None:
    qbo.advance(3590)
    assert qbo.api("GET", "customer/1").status_code == 200
    qbo.advance(11)
    assert qbo.api("GET", "customer/1").status_code == 401

    newer = refresh(qbo, qbo.access["refresh_token"]).json()["access_token"]

    assert reads(qbo, newer).status_code == 200


# --- People ---


@pytest.mark.parametrize(("answer", "status"), [("120", 401), ("3100", 403)])
def test_calls_fail_when_the_user_who_connected_lost_the_rights_1_9(
    qbo: Quick, answer: str, status: int
) -> None:
    qbo.switch(lost_rights_answer=answer)
    qbo.control("POST", "users", {"email": "sandbox.owner@example.test", "is_admin": False})

    refused = qbo.api("GET", "customer/1")

    assert refused.status_code == status
    assert f'"code":"{answer}"' in refused.text
    assert qbo.post({"DisplayName": "x"}).status_code == status
    assert consent(qbo)["error"] == "access_denied"
    qbo.control("POST", "users", {"email": "sandbox.owner@example.test", "is_admin": True})
    assert qbo.read("1")["Id"] == "1"


def test_a_connection_of_another_admin_works_on_1_9(qbo: Quick) -> None:
    body = {**_asked(), "company": qbo.realm, "decision": "connect"}
    browser = sign_in(qbo, "sam.park@example.test")
    answer = browser.post(f"{qbo.base_url}/consent", data=body, allow_redirects=False, timeout=30)
    code = re.search(r"code=([^&]+)", answer.headers["Location"])
    assert code
    access = exchange(qbo, code[1])["access_token"]

    qbo.control("POST", "users", {"email": "sandbox.owner@example.test", "is_admin": False})

    assert reads(qbo, access).status_code == 200


@pytest.mark.parametrize("body", [{"email": "nobody@example.test", "is_admin": True}, {}])
def test_only_known_users_change(qbo: Quick, body: dict[str, Any]) -> None:
    answer = requests.post(f"{qbo.base_url}/emulator/users", json=body, timeout=30)

    assert answer.status_code == 400


# --- Disconnecting at the desk ---


def disconnect(qbo: Quick) -> requests.Response:
    desk = Desk(qbo)
    number = re.search(r"/books/apps/(\d+)/disconnect", desk.get("apps").text)
    assert number
    address = f"{qbo.base_url}/books/apps/{number[1]}/disconnect"
    return desk.browser.post(address, allow_redirects=False, timeout=30)


def test_after_a_disconnect_the_browser_lands_at_the_app_with_the_realm_1_9(qbo: Quick) -> None:
    qbo.control("POST", "apps", {"disconnect_url": LANDING})

    answer = disconnect(qbo)

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{LANDING}?realmId={qbo.realm}"
    assert qbo.api("GET", "customer/1").status_code == 401
    qbo.control("POST", "apps", {"disconnect_url": f"{LANDING}?from=qbo"})
    qbo.control("POST", "tokens", {"action": "new"})
    assert disconnect(qbo).headers["Location"] == f"{LANDING}?from=qbo&realmId={qbo.realm}"
    qbo.control("POST", "apps", {"disconnect_url": ""})


def test_without_such_an_address_the_desk_stays_where_it_is_1_9(qbo: Quick) -> None:
    assert disconnect(qbo).headers["Location"] == "/books/apps"


def test_an_app_is_registered_and_changed_at_the_desk(qbo: Quick) -> None:
    desk = Desk(qbo)
    form = {
        "client_id": "desk-app",
        "client_secret": "hidden",
        "name": "Made at the desk",
        "redirect_uris": "http://127.0.0.1:9/a\nhttp://127.0.0.1:9/b",
        "disconnect_url": LANDING,
    }

    page = desk.post("apps", **form).text

    assert "Made at the desk" in page
    app = next(
        each for each in qbo.control("GET", "apps")["apps"] if each["client_id"] == "desk-app"
    )
    assert app == {
        **form,
        "redirect_uris": ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"],
    }
    assert desk.post("apps", **{**form, "client_id": ""}).status_code == 400


def test_a_file_of_an_older_version_is_read(tmp_path: Path) -> None:
    import sqlite3

    db = sqlite3.connect(tmp_path / "emulator.sqlite3")
    db.execute(
        "CREATE TABLE app (client_id TEXT PRIMARY KEY, client_secret TEXT NOT NULL,"
        " name TEXT NOT NULL, redirect_uris TEXT NOT NULL)"
    )
    db.execute("INSERT INTO app VALUES ('emulator-client', 'kept', 'Kept', '[]')")
    db.commit()
    db.close()

    command = [sys.executable, "-m", "qbo_emulator", "token", "--data", str(tmp_path)]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=20).stdout

    assert json.loads(printed)["client_secret"] == "kept"


# --- OpenID ---


def test_an_id_token_is_signed_with_the_published_key_1_7(qbo: Quick) -> None:
    found = consent(qbo, scope="com.intuit.quickbooks.accounting openid")
    id_token = exchange(qbo, found["code"])["id_token"]

    head, payload, signature = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in id_token.split(".")
    )
    header, claims = json.loads(head), json.loads(payload)
    jwks = requests.get(f"{qbo.base_url}/op/v1/jwks", timeout=30).json()["keys"]
    key = next(each for each in jwks if each["kid"] == header["kid"])
    modulus, exponent = (
        int.from_bytes(base64.urlsafe_b64decode(key[part] + "==")) for part in ("n", "e")
    )
    opened = pow(int.from_bytes(signature), exponent, modulus).to_bytes(256)
    digest = hashlib.sha256(id_token.rpartition(".")[0].encode()).digest()

    assert (header["alg"], key["kty"]) == ("RS256", "RSA")
    assert opened.startswith(b"\x00\x01\xff\xff")
    assert opened.endswith(
        b"\x00" + bytes.fromhex("3031300d060960864801650304020105000420") + digest
    )
    assert claims["aud"] == ["emulator-client"]
    assert claims["iss"] == f"{qbo.base_url}/op/v1"
    assert claims["realmid"] == qbo.realm
    assert claims["exp"] == claims["iat"] + 3600
    assert {"sub", "auth_time"} <= set(claims)


def test_userinfo_needs_the_openid_scope_and_gives_what_was_asked_for_1_7(qbo: Quick) -> None:
    def userinfo(access: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {access}"}
        url = f"{qbo.base_url}/v1/openid_connect/userinfo"
        return requests.get(url, headers=headers, timeout=30)

    assert userinfo(qbo.access["access_token"]).status_code == 401
    access = exchange(qbo, consent(qbo, scope="openid phone address")["code"])["access_token"]
    info = userinfo(access).json()
    assert set(info) == {"sub", "phoneNumber", "phoneNumberVerified", "address"}
    assert set(info["address"]) == {
        "streetAddress", "locality", "region", "postalCode", "country",
    }  # fmt: skip


def test_a_refused_company_state_does_not_touch_the_tokens_6_3(qbo: Quick) -> None:
    qbo.switch(company_state="locked_out")
    assert fault(qbo.api("GET", "customer/1"))["code"] == "140"

    assert refresh(qbo, qbo.access["refresh_token"]).status_code == 200
