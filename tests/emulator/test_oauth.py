"""OAuth: section 1 of the API reference."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from .conftest import CALLBACK, Quick

ACCOUNTING = "com.intuit.quickbooks.accounting"
DAY = 86400


def sign_in(qbo: Quick, email: str = "sandbox.owner@example.test") -> requests.Session:
    browser = requests.Session()
    form = {"email": email, "password": "sandbox", "next": ""}
    answer = browser.post(f"{qbo.base_url}/sign-in", data=form, allow_redirects=False, timeout=5)
    assert answer.status_code == 303
    return browser


def asked(**changes: str) -> dict[str, str]:
    return {
        "client_id": "emulator-client",
        "response_type": "code",
        "scope": ACCOUNTING,
        "redirect_uri": CALLBACK,
        "state": "a state & more",
        **changes,
    }


def consent(
    qbo: Quick, decision: str = "connect", company: str = "", **changes: str
) -> dict[str, str]:
    """Press a button on the consent page; gives the query of the redirect to the app."""
    body = {**asked(**changes), "company": company or qbo.realm, "decision": decision}
    answer = sign_in(qbo).post(
        f"{qbo.base_url}/consent", data=body, allow_redirects=False, timeout=5
    )
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(CALLBACK)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def token(qbo: Quick, _headers: dict[str, str] | None = None, **form: str) -> requests.Response:
    return requests.post(
        f"{qbo.base_url}/oauth2/v1/tokens/bearer",
        data=form,
        auth=("emulator-client", "emulator-secret"),
        headers={"Accept": "application/json", **(_headers or {})},
        timeout=5,
    )


def refresh(qbo: Quick, value: str) -> requests.Response:
    return token(qbo, grant_type="refresh_token", refresh_token=value)


def reads(qbo: Quick, access_token: str, realm: str = "") -> requests.Response:
    return requests.get(
        f"{qbo.base_url}/v3/company/{realm or qbo.realm}/customer/1",
        headers={"Authorization": f"Bearer {access_token}", "Accept": "application/json"},
        timeout=5,
    )


def test_the_two_discovery_documents_name_the_endpoints_1_1(qbo: Quick) -> None:
    for name in ("openid_configuration", "openid_sandbox_configuration"):
        for end in ("", "/"):
            found = requests.get(f"{qbo.base_url}/.well-known/{name}{end}", timeout=5).json()
            assert found["authorization_endpoint"] == f"{qbo.base_url}/connect/oauth2"
            assert found["token_endpoint"] == f"{qbo.base_url}/oauth2/v1/tokens/bearer"
            assert found["revocation_endpoint"] == f"{qbo.base_url}/v2/oauth2/tokens/revoke"
            assert {"issuer", "jwks_uri", "userinfo_endpoint"} <= set(found)


def test_the_authorize_address_leads_over_sign_in_to_consent_1_2(qbo: Quick) -> None:
    browser = requests.Session()
    page = browser.get(f"{qbo.base_url}/connect/oauth2", params=asked(), timeout=5)
    assert "Sign in to the QuickBooks Online sandbox emulator" in page.text
    next_address = re.search(r'name="next" value="([^"]*)"', page.text)
    assert next_address

    form = {
        "email": "sandbox.owner@example.test",
        "password": "sandbox",
        "next": next_address[1].replace("&amp;", "&"),
    }
    page = browser.post(f"{qbo.base_url}/sign-in", data=form, timeout=5)

    assert "Share your data with Canopy Sync?" in page.text
    assert "Craig&#39;s Design and Landscaping Services" in page.text


def test_connect_gives_code_state_and_realm_1_3(qbo: Quick) -> None:
    found = consent(qbo)

    assert set(found) == {"code", "state", "realmId"}
    assert found["state"] == "a state & more"
    assert found["realmId"] == qbo.realm


def test_cancel_gives_access_denied_1_3(qbo: Quick) -> None:
    assert consent(qbo, "cancel") == {"error": "access_denied", "state": "a state & more"}


def test_somebody_who_is_no_admin_cannot_connect_1_2(qbo: Quick) -> None:
    browser = sign_in(qbo, "staff@example.test")
    page = browser.get(f"{qbo.base_url}/consent", params=asked(), timeout=5)
    body = {**asked(), "company": qbo.realm, "decision": "connect"}
    answer = browser.post(f"{qbo.base_url}/consent", data=body, allow_redirects=False, timeout=5)

    assert "Only an admin of a company can connect" in page.text
    assert "error=access_denied" in answer.headers["Location"]


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8123/settings/integrations/qbo/callback",
        "http://127.0.0.1:8123/settings/integrations/qbo/callback/?x=1",
        "http://evil.example/settings/integrations/qbo/callback/",
        "http://127.0.0.1:80@evil.example/settings/integrations/qbo/callback/",
        "",
    ],
)
def test_a_redirect_address_that_is_not_registered_is_an_error_page_1_2(
    qbo: Quick, address: str
) -> None:
    answer = requests.get(
        f"{qbo.base_url}/connect/oauth2",
        params=asked(redirect_uri=address),
        allow_redirects=False,
        timeout=5,
    )

    assert answer.status_code == 400
    assert "redirect_uri query parameter value is invalid" in answer.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "everything"}, "invalid_scope"),
        ({"response_type": "token"}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
    ],
)
def test_a_wrong_request_comes_back_with_an_error_1_3(
    qbo: Quick, changes: dict[str, str], error: str
) -> None:
    answer = requests.get(
        f"{qbo.base_url}/connect/oauth2",
        params=asked(**changes),
        allow_redirects=False,
        timeout=5,
    )

    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == [error]


def test_a_code_works_once_1_3(qbo: Quick) -> None:
    code = consent(qbo)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}

    first, second = token(qbo, **form), token(qbo, **form)

    answer = first.json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)
    assert answer["x_refresh_token_expires_in"] == 8726400
    assert "x_refresh_token_hard_expires_in" not in answer
    assert "id_token" not in answer
    assert first.headers["intuit_tid"]
    assert reads(qbo, answer["access_token"]).status_code == 200
    assert (second.status_code, second.json()) == (400, {"error": "invalid_grant"})


def test_a_code_is_dead_after_ten_minutes_1_3(qbo: Quick) -> None:
    code = consent(qbo)["code"]
    qbo.advance(601)

    answer = token(qbo, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)

    assert answer.json() == {"error": "invalid_grant"}


def test_a_code_needs_the_same_redirect_address_1_8(qbo: Quick) -> None:
    code = consent(qbo)["code"]

    answer = token(qbo, grant_type="authorization_code", code=code, redirect_uri=CALLBACK + "x")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_wrong_secret_is_401_invalid_client_1_8(qbo: Quick) -> None:
    answer = requests.post(
        f"{qbo.base_url}/oauth2/v1/tokens/bearer",
        data={"grant_type": "refresh_token", "refresh_token": qbo.access["refresh_token"]},
        auth=("emulator-client", "wrong"),
        timeout=5,
    )

    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_another_grant_is_unsupported_1_8(qbo: Quick) -> None:
    assert token(qbo, grant_type="password").json() == {"error": "unsupported_grant_type"}


def test_the_two_discovery_documents_differ_in_userinfo_only_1_1(qbo: Quick) -> None:
    names = ("openid_configuration", "openid_sandbox_configuration")
    real, sandbox = (
        requests.get(f"{qbo.base_url}/.well-known/{name}", timeout=5).json() for name in names
    )

    addresses = [real.pop("userinfo_endpoint"), sandbox.pop("userinfo_endpoint")]
    assert real == sandbox
    assert addresses[0] != addresses[1]
    for address in addresses:  # one server plays both
        assert address.endswith("/v1/openid_connect/userinfo")
        assert requests.get(address, timeout=5).status_code == 401
    assert real["id_token_signing_alg_values_supported"] == ["RS256"]
    assert real["response_types_supported"] == ["code"]


def test_a_token_answer_has_its_five_fields_and_no_realm_1_4(qbo: Quick) -> None:
    answer = refresh(qbo, qbo.access["refresh_token"])

    body = answer.json()
    assert set(body) == {
        "token_type",
        "access_token",
        "expires_in",
        "refresh_token",
        "x_refresh_token_expires_in",
    }
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
    assert body["x_refresh_token_expires_in"] == 8726400
    assert len(body["access_token"]) <= 4096
    assert len(body["refresh_token"]) <= 512
    assert answer.headers["intuit_tid"]


def test_the_hard_end_is_told_on_request_1_4(qbo: Quick) -> None:
    answer = token(
        qbo,
        {"x-include-refresh-token-hard-expires-in": "true"},
        grant_type="refresh_token",
        refresh_token=qbo.access["refresh_token"],
    ).json()

    five_years = 5 * 365 * DAY
    assert five_years - 60 < answer["x_refresh_token_hard_expires_in"] <= five_years


def test_a_refresh_token_stays_the_same_for_a_day_then_changes_1_5(qbo: Quick) -> None:
    value = qbo.access["refresh_token"]
    qbo.advance(23 * 3600)
    same = refresh(qbo, value).json()["refresh_token"]
    qbo.advance(2 * 3600)
    other = refresh(qbo, value).json()["refresh_token"]

    assert same == value
    assert other != value
    assert refresh(qbo, value).json() == {"error": "invalid_grant"}
    assert refresh(qbo, other).status_code == 200


def test_with_always_every_refresh_kills_the_old_value_at_once_1_5(qbo: Quick) -> None:
    qbo.switch(refresh_rotation="always")
    value = qbo.access["refresh_token"]

    other = refresh(qbo, value).json()["refresh_token"]

    assert other != value
    assert refresh(qbo, value).status_code == 400
    assert refresh(qbo, other).status_code == 200


def test_with_grace_the_old_value_lives_on_for_a_while_1_5(qbo: Quick) -> None:
    qbo.switch(refresh_rotation="grace", refresh_grace_seconds=600)
    value = qbo.access["refresh_token"]
    refresh(qbo, value)

    assert refresh(qbo, value).status_code == 200
    qbo.advance(601)
    assert refresh(qbo, value).status_code == 400


def test_reuse_of_a_dead_value_can_end_the_connection_1_5(qbo: Quick) -> None:
    qbo.switch(refresh_rotation="always", refresh_reuse_revokes=True)
    value = qbo.access["refresh_token"]
    newer = refresh(qbo, value).json()

    refresh(qbo, value)

    assert reads(qbo, newer["access_token"]).status_code == 401
    assert refresh(qbo, newer["refresh_token"]).status_code == 400


def test_of_two_refreshes_at_once_one_is_refused_1_5(qbo: Quick) -> None:
    qbo.switch(refresh_seconds=0.3)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: refresh(qbo, qbo.access["refresh_token"]), range(2)))

    assert sorted(answer.status_code for answer in answers) == [200, 400]


def test_a_refresh_token_unused_for_its_life_is_dead_and_rolls_on_use_1_5(qbo: Quick) -> None:
    value = qbo.access["refresh_token"]
    for _ in range(3):
        qbo.advance(90 * DAY)
        answer = refresh(qbo, value)
        assert answer.status_code == 200
        value = answer.json()["refresh_token"]
    qbo.advance(102 * DAY)

    assert refresh(qbo, value).json() == {"error": "invalid_grant"}


def test_after_five_years_the_connection_is_over_1_5(qbo: Quick) -> None:
    qbo.switch(refresh_token_seconds=10 * 365 * DAY)
    value = refresh(qbo, qbo.access["refresh_token"]).json()["refresh_token"]
    qbo.advance(5 * 365 * DAY + 60)

    assert refresh(qbo, value).json() == {"error": "invalid_grant"}


def test_an_access_token_as_refresh_token_is_refused_and_lives_on_1_8(qbo: Quick) -> None:
    answer = refresh(qbo, qbo.access["access_token"])

    assert answer.json()["error_description"] == "Incorrect Token type or clientID"
    assert qbo.read("1")["Id"] == "1"


def test_an_expired_access_token_is_401_3200_in_lower_case_6_2(qbo: Quick) -> None:
    qbo.advance(3601)

    answer = qbo.api("GET", "customer/1")

    assert answer.status_code == 401
    assert answer.headers["Www-Authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    error = answer.json()["fault"]["error"][0]
    assert error["message"] == "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    assert error["code"] == "3200"
    assert error["detail"].startswith("Token expired: ")
    assert answer.json()["fault"]["type"] == "AUTHENTICATION"


def test_a_token_of_another_company_is_403_3100_1_9(qbo: Quick) -> None:
    other = qbo.control("POST", "companies", {"company": "empty"})["realm_id"]

    for realm in (other, "9999999999999999"):
        answer = reads(qbo, qbo.access["access_token"], realm)
        assert answer.status_code == 403
        assert answer.json()["fault"]["error"][0]["code"] == "3100"
        assert answer.json()["fault"]["type"] == "SERVICE"


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer nonsense", "Bearer "])
def test_a_missing_or_malformed_token_is_401_6_2(qbo: Quick, header: str) -> None:
    answer = requests.get(
        f"{qbo.base_url}/v3/company/{qbo.realm}/customer/1",
        headers={"Authorization": header, "Accept": "application/json"},
        timeout=5,
    )

    assert answer.status_code == 401


def test_revoking_either_token_ends_the_connection_1_6(qbo: Quick) -> None:
    for kind in ("refresh_token", "access_token"):
        access: dict[str, Any] = qbo.control("POST", "tokens", {"action": "new"})
        answer = requests.post(
            f"{qbo.base_url}/v2/oauth2/tokens/revoke",
            json={"token": access[kind]},
            auth=("emulator-client", "emulator-secret"),
            timeout=5,
        )

        assert (answer.status_code, answer.content) == (200, b"")
        assert reads(qbo, access["access_token"]).status_code == 401
        assert refresh(qbo, access["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_token_that_is_not_valid_cannot_be_revoked_1_6(qbo: Quick) -> None:
    answer = requests.post(
        f"{qbo.base_url}/v2/oauth2/tokens/revoke",
        json={"token": "nonsense"},
        auth=("emulator-client", "emulator-secret"),
        timeout=5,
    )

    assert answer.status_code == 400


def test_disconnecting_in_the_books_ends_the_connection_1_9(qbo: Quick) -> None:
    qbo.control("POST", "tokens", {"action": "disconnect"})

    assert qbo.api("GET", "customer/1").status_code == 401
    assert refresh(qbo, qbo.access["refresh_token"]).json() == {"error": "invalid_grant"}


def test_openid_gives_an_id_token_and_userinfo_without_a_realm_1_7(qbo: Quick) -> None:
    found = consent(qbo, scope="openid profile email")
    assert "realmId" not in found

    answer = token(
        qbo, grant_type="authorization_code", code=found["code"], redirect_uri=CALLBACK
    ).json()
    assert answer["id_token"].count(".") == 2
    info = requests.get(
        f"{qbo.base_url}/v1/openid_connect/userinfo",
        headers={"Authorization": f"Bearer {answer['access_token']}"},
        timeout=5,
    ).json()
    assert info["email"] == "sandbox.owner@example.test"
    assert info["givenName"] == "Robin"
    assert "phoneNumber" not in info


def test_a_refresh_whose_answer_is_lost_was_carried_out(qbo: Quick) -> None:
    qbo.switch(refresh_rotation="always")
    qbo.arm("cut_after_commit", operation="token", path="tokens/bearer")

    with pytest.raises(requests.ConnectionError):
        refresh(qbo, qbo.access["refresh_token"])

    assert refresh(qbo, qbo.access["refresh_token"]).json() == {"error": "invalid_grant"}


def test_signing_in_does_not_lead_to_another_site(qbo: Quick) -> None:
    for address in ("http://evil.example/", "//evil.example/", "/\\evil.example/"):
        form = {"email": "sam.park@example.test", "password": "sandbox", "next": address}
        answer = requests.post(
            f"{qbo.base_url}/sign-in", data=form, allow_redirects=False, timeout=5
        )
        assert answer.headers["Location"] == "/books/customers"


def test_every_field_of_a_discovery_document_1_1(qbo: Quick) -> None:
    url = f"{qbo.base_url}/.well-known/openid_configuration"

    found = requests.get(url, timeout=5).json()

    assert found["issuer"] == f"{qbo.base_url}/op/v1"
    assert found["jwks_uri"] == f"{qbo.base_url}/op/v1/jwks"
    assert found["subject_types_supported"] == ["public"]
    assert found["scopes_supported"] == ["openid", "email", "profile", "address", "phone"]
    assert found["token_endpoint_auth_methods_supported"] == [
        "client_secret_post",
        "client_secret_basic",
    ]
    assert found["claims_supported"] == ["aud", "exp", "iat", "iss", "realmid", "sub"]


@pytest.mark.parametrize("between", ["+", "%20"])
def test_scopes_are_separated_by_a_blank_however_it_is_written_1_2(
    qbo: Quick, between: str
) -> None:
    query = urlencode({**asked(), "scope": "SCOPES"}).replace(
        "SCOPES", f"{ACCOUNTING}{between}openid"
    )

    answer = requests.get(
        f"{qbo.base_url}/connect/oauth2?{query}", allow_redirects=False, timeout=5
    )

    assert answer.headers["Location"].startswith("/sign-in?")


def test_a_client_id_nobody_knows_is_an_error_page_1_2(qbo: Quick) -> None:
    answer = requests.get(
        f"{qbo.base_url}/connect/oauth2",
        params=asked(client_id="somebody"),
        allow_redirects=False,
        timeout=5,
    )

    assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_tokens_can_be_as_long_as_they_may_be_1_4(qbo: Quick) -> None:
    qbo.switch(long_tokens=True, refresh_rotation="always")

    answer = refresh(qbo, qbo.access["refresh_token"]).json()

    assert (len(answer["access_token"]), len(answer["refresh_token"])) == (4096, 512)
    assert reads(qbo, answer["access_token"]).status_code == 200
    assert refresh(qbo, answer["refresh_token"]).status_code == 200


@pytest.mark.parametrize("trouble", [{"kind": "throttle"}, {"kind": "status", "status": 503}])
def test_a_refresh_that_was_turned_away_leaves_its_token_alone_1_8(
    qbo: Quick, trouble: dict[str, object]
) -> None:
    qbo.switch(refresh_rotation="always")
    qbo.control("POST", "faults", {**trouble, "operation": "refresh"})

    assert refresh(qbo, qbo.access["refresh_token"]).status_code in {429, 503}
    assert refresh(qbo, qbo.access["refresh_token"]).status_code == 200


def test_revoking_answers_with_an_empty_body_1_6(qbo: Quick) -> None:
    answer = requests.post(
        f"{qbo.base_url}/v2/oauth2/tokens/revoke",
        json={"token": qbo.access["access_token"]},
        auth=("emulator-client", "emulator-secret"),
        timeout=5,
    )

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_company_that_was_emptied_keeps_its_realm_and_gives_ids_out_again_1_9(
    qbo: Quick,
) -> None:
    qbo.control("POST", "companies", {"company": "empty", "realm_id": qbo.realm})

    assert qbo.api("GET", "customer/5").status_code == 400
    assert qbo.create(DisplayName="First")["Id"] == "1"


def test_the_life_of_a_code_can_be_set_1_3(qbo: Quick) -> None:
    qbo.switch(code_seconds=60)
    code = consent(qbo)["code"]
    qbo.advance(61)

    answer = token(qbo, grant_type="authorization_code", code=code, redirect_uri=CALLBACK)

    assert answer.json() == {"error": "invalid_grant"}
