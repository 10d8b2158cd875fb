"""API tokens: made once, kept as a hash, never able to do more than their maker."""

import hashlib
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from firms import services
from firms.api_tokens import (
    TokenRefused,
    TokensMakeNoTokens,
    authenticate_token,
    create_token,
    revoke_token,
)
from firms.middleware import actor_of
from firms.models import ApiToken, AuditEntry, Membership
from firms.permissions import STAFF, VIEWER, ActorKind, NotAllowed, Origin, Permission, WrongFirm
from tests.factories import NOW, make_firm, make_member

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)
VIEW, CONTACTS = Permission.VIEW_ONLY, Permission.MANAGE_CONTACTS


@pytest.fixture
def staff():
    firm = make_firm()
    make_member(firm)
    return make_member(firm, role="Staff", permissions=STAFF, name="Tom Okafor")


def make(member, *permissions, name="Payroll", expires_at=NOW + MONTH, **more):
    return create_token(
        actor=more.pop("actor", None) or actor_of(member),
        firm=more.pop("firm", member.firm),
        name=name,
        permissions=permissions or [VIEW],
        expires_at=expires_at,
        now=NOW,
    )


def admin_of(firm):
    return actor_of(Membership.objects.get(firm=firm, role__name="Admin"))


# -- Making ----------------------------------------------------------------------------------------
def test_a_token_is_known_by_its_text_and_kept_as_a_hash(staff):
    token, text = make(staff, VIEW, CONTACTS)

    word, prefix, secret = text.split("_", 2)
    assert (word, prefix) == ("canopy", token.prefix)
    assert len(secret) == 43  # 256 bits
    row = ApiToken.objects.values().get()
    assert row["secret_hash"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(row)
    actor = authenticate_token(text, NOW)
    assert actor.kind is ActorKind.TOKEN
    assert (actor.firm_id, actor.token_id, actor.user_id) == (staff.firm_id, token.pk, None)
    assert actor.permissions == {VIEW, CONTACTS}
    assert actor.label == "API token Payroll"


def test_no_two_tokens_are_alike(staff):
    texts = {make(staff, name=f"{number}")[1] for number in range(20)}

    assert len(texts) == 20


def test_a_token_holds_no_permission_its_maker_lacks(staff):
    with pytest.raises(NotAllowed) as caught:
        make(staff, VIEW, Permission.MANAGE_TEAM)

    assert caught.value.permission is Permission.MANAGE_TEAM
    assert not ApiToken.objects.exists()


def test_a_role_that_shrank_since_the_page_was_opened_counts(staff):
    actor = actor_of(staff)
    staff.role.permissions = [VIEW]
    staff.role.save()

    with pytest.raises(NotAllowed):
        make(staff, CONTACTS, actor=actor)


def test_somebody_removed_since_the_page_was_opened_makes_none(staff):
    actor = actor_of(staff)
    services.remove_member(actor=admin_of(staff.firm), membership=staff, now=NOW)

    with pytest.raises(NotAllowed):
        make(staff, actor=actor)


def test_a_token_makes_no_tokens(staff):
    _, text = make(staff)

    with pytest.raises(TokensMakeNoTokens):
        make(staff, actor=authenticate_token(text, NOW), name="Second")


def test_a_token_is_made_in_ones_own_firm(staff):
    with pytest.raises(WrongFirm):
        make(staff, firm=make_firm())


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " \t"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"expires_at": NOW}, "expires_at"),
        ({"expires_at": NOW + timedelta(days=367)}, "expires_at"),
        ({"permissions": []}, "permissions"),
        ({"permissions": ["everything"]}, "permissions"),
    ],
)
def test_what_is_no_token_is_refused(staff, asked, field):
    values = {"name": "Payroll", "permissions": [VIEW], "expires_at": NOW + MONTH, **asked}

    with pytest.raises(TokenRefused) as caught:
        create_token(actor=actor_of(staff), firm=staff.firm, now=NOW, **values)

    assert caught.value.field == field
    assert not ApiToken.objects.exists()


def test_a_name_is_free_again_when_its_token_is_revoked(staff):
    token, _ = make(staff)
    with pytest.raises(TokenRefused, match="called Payroll already"):
        make(staff)

    revoke_token(actor=actor_of(staff), token=token, now=NOW)

    assert make(staff)[0].name == "Payroll"


# -- Use -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "",
        "canopy",
        "canopy__",
        "Bearer x",
        "canopy_" + "a" * 12 + "_" + "b" * 43,
        "canopy_" + "a" * 12 + "_" + "\0" * 43,
        "canopy_" + "é" * 12 + "_" + "b" * 43,
        "x" * 1_000_000,
        "\ud800",
    ],
)
def test_what_is_no_token_is_nobody_by_the_same_work(staff, text):
    make(staff)

    with CaptureQueriesContext(connection) as queries:
        assert authenticate_token(text, NOW) is None

    assert len(queries) == 1


def test_every_part_of_the_text_counts(staff):
    _, text = make(staff)
    changed = "B" if text[-2] == "A" else "A"

    for wrong in (text[:-2] + changed + text[-1], text.upper(), text + "A", text[:-1], f" {text}"):
        assert authenticate_token(wrong, NOW) is None
    assert authenticate_token(text, NOW) is not None


def test_the_secret_of_one_token_opens_no_other(staff):
    _, first = make(staff)
    _, second = make(staff, name="Else")

    assert authenticate_token(second[:20] + first[20:], NOW) is None


def test_a_token_ends_at_its_time(staff):
    _, text = make(staff, expires_at=NOW + MONTH)

    assert authenticate_token(text, NOW + MONTH - timedelta(seconds=1)) is not None
    assert authenticate_token(text, NOW + MONTH) is None


def test_a_token_stops_at_once_when_revoked(staff):
    token, text = make(staff)

    revoke_token(actor=actor_of(staff), token=token, now=NOW)

    assert authenticate_token(text, NOW) is None


def test_a_token_loses_what_its_makers_role_loses_and_gains_nothing(staff):
    _, text = make(staff, VIEW, CONTACTS)

    staff.role.permissions = [VIEW, Permission.MANAGE_TEAM]
    staff.role.save()

    assert authenticate_token(text, NOW).permissions == {VIEW}


def test_the_tokens_of_a_removed_member_stop_and_stay_stopped(staff):
    _, text = make(staff)
    role = staff.role
    elsewhere = make_firm()
    there = Membership.objects.create(
        user=staff.user, firm=elsewhere, role=make_member(elsewhere).role
    )
    _, other = make(there)

    services.remove_member(actor=admin_of(staff.firm), membership=staff, now=NOW)

    assert authenticate_token(text, NOW) is None
    assert authenticate_token(other, NOW) is not None
    Membership.objects.create(user=there.user, firm=role.firm, role=role)
    assert authenticate_token(text, NOW) is None


def test_the_tokens_of_somebody_who_was_switched_off_stop(staff):
    _, text = make(staff)
    staff.user.is_active = False
    staff.user.save()

    assert authenticate_token(text, NOW) is None


def test_a_use_is_noted_once_a_minute(staff):
    token, text = make(staff)

    seen = []
    for seconds in (0, 1, 59, 60, 61):
        with CaptureQueriesContext(connection) as queries:
            authenticate_token(text, NOW + timedelta(seconds=seconds))
        token.refresh_from_db()
        seen.append((len(queries), (token.last_used_at - NOW).total_seconds()))

    assert seen == [(2, 0), (1, 0), (1, 0), (2, 60), (1, 60)]


def test_what_a_token_does_is_audited_by_its_name_and_from_where(staff):
    _, text = make(staff)
    actor = authenticate_token(text, NOW, origin=Origin(ip="203.0.113.9", user_agent="curl/8"))

    services.write_audit(actor=actor, firm_id=staff.firm_id, action="Tried", now=NOW)

    entry = AuditEntry.objects.latest("pk")
    assert (entry.actor_label, entry.user_id) == ("API token Payroll", None)
    assert (entry.from_ip, entry.user_agent) == ("203.0.113.9", "curl/8")


# -- Revoking --------------------------------------------------------------------------------------
def test_an_admin_revokes_anybodys_and_the_log_says_so_once(staff):
    token, text = make(staff)

    for _ in range(2):
        revoke_token(actor=admin_of(staff.firm), token=token, now=NOW)

    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == [
        "API token made",
        "API token revoked",
    ]
    assert text.split("_", 2)[2] not in str(list(AuditEntry.objects.values()))


def test_others_revoke_only_their_own(staff):
    token, text = make(staff)
    viewer = make_member(staff.firm, role="Viewer", permissions=VIEWER)

    with pytest.raises(NotAllowed):
        revoke_token(actor=actor_of(viewer), token=token, now=NOW)
    with pytest.raises(WrongFirm):
        revoke_token(actor=actor_of(make_member(make_firm())), token=token, now=NOW)

    assert authenticate_token(text, NOW) is not None
