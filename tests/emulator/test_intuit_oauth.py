"""intuit-oauth, unchanged but for the address of the discovery document (11.1)."""

import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError

from .conftest import CALLBACK, Quick, auth_client
from .test_oauth import consent


def test_the_address_of_the_discovery_document_is_the_environment_11_1(qbo: Quick) -> None:
    auth = auth_client(qbo)

    assert auth.auth_endpoint == f"{qbo.base_url}/connect/oauth2"
    assert auth.token_endpoint == f"{qbo.base_url}/oauth2/v1/tokens/bearer"
    assert auth.revoke_endpoint == f"{qbo.base_url}/v2/oauth2/tokens/revoke"
    assert auth.issuer_uri == f"{qbo.base_url}/op/v1"
    assert auth.jwks_uri == f"{qbo.base_url}/op/v1/jwks"
    assert auth.user_info_url == f"{qbo.base_url}/sandbox-accounts/v1/openid_connect/userinfo"


def test_every_field_of_a_token_answer_becomes_an_attribute_11_1(qbo: Quick) -> None:
    auth = auth_client(qbo)
    auth.get_authorization_url([Scopes.ACCOUNTING])
    found = consent(qbo, state=auth.state_token)

    auth.get_bearer_token(found["code"], realm_id=found["realmId"])

    assert auth.realm_id == qbo.realm
    assert auth.expires_in == 3600
    assert auth.x_refresh_token_expires_in == 8726400
    assert not auth.id_token  # openid was not asked for


def test_the_five_year_end_is_told_when_its_header_is_set_11_1(qbo: Quick) -> None:
    auth = auth_client(qbo)
    auth.headers["x-include-refresh-token-hard-expires-in"] = "true"

    auth.refresh(refresh_token=qbo.access["refresh_token"])

    assert 0 < auth.x_refresh_token_hard_expires_in <= 5 * 365 * 86400


def test_a_refresh_gives_a_token_that_reads_the_books_11_1(qbo: Quick) -> None:
    auth = auth_client(qbo)
    auth.refresh(refresh_token=qbo.access["refresh_token"])

    qbo.access = {**qbo.access, "access_token": auth.access_token}

    assert qbo.read("1")["DisplayName"] == "Amy's Bird Sanctuary"


def test_a_refused_call_raises_with_status_content_and_tid_11_1(qbo: Quick) -> None:
    auth = auth_client(qbo)

    with pytest.raises(AuthClientError) as refused:
        auth.refresh(refresh_token="nobody knows this")

    assert refused.value.status_code == 400
    assert b'"invalid_grant"' in refused.value.content
    assert refused.value.intuit_tid


def test_a_wrong_secret_raises_401_11_1(qbo: Quick) -> None:
    address = f"{qbo.base_url}/.well-known/openid_sandbox_configuration"
    auth = AuthClient("emulator-client", "wrong", CALLBACK, address)

    with pytest.raises(AuthClientError) as refused:
        auth.refresh(refresh_token=qbo.access["refresh_token"])

    assert refused.value.status_code == 401


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_connection_11_1(qbo: Quick, name: str) -> None:
    auth = auth_client(qbo)

    assert auth.revoke(token=qbo.access[name]) is True

    assert qbo.api("GET", "customer/1").status_code == 401
    with pytest.raises(AuthClientError):
        auth.refresh(refresh_token=qbo.access["refresh_token"])
