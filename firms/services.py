"""The only writers of firms, members and roles. Each is one transaction with its audit entry."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from firms import mails
from firms.models import ApiToken, AuditEntry, BillingPlan, Firm, Licence, Membership, Role, User
from firms.permissions import ADMIN, STAFF, VIEWER, Actor, NotAllowed, Permission

FIRST_ROLES = {"Admin": ADMIN, "Staff": STAFF, "Viewer": VIEWER}
QUESTIONS_AN_HOUR = 3
NOTHING: Mapping[str, Any] = MappingProxyType({})


class FirmError(Exception):
    """It could not be done. `str()` is a sentence for the person."""


class TimeZoneUnknown(FirmError):
    """Not a name of the time zone list."""


class LastAdmin(FirmError):
    """Nobody who can manage the team would be left."""


class RoleGone(FirmError):
    """It was deleted since the page was opened."""


class AlreadyMember(FirmError):
    """The person is in the firm already."""


class AskedTooOften(FirmError):
    """The admins were asked by this person several times within an hour."""


class NobodyToAsk(FirmError):
    """No other member can give permissions."""


@transaction.atomic
def create_firm(
    *,
    name: str,
    admin_email: str,
    admin_name: str,
    now: datetime,
    password: str | None = None,
    time_zone: str = "America/New_York",
    home_currency: str = "USD",
    billing_plan: str = BillingPlan.PAID,
    licences: Iterable[str] = (Licence.TIME_AND_BILLING,),
) -> Firm:
    """
    Make a firm with its three roles and its first admin; for the operator, so without an actor.

    Without `password` the admin is mailed a link to choose one.

    Raises:
        TimeZoneUnknown: nothing was saved.
    """
    _check_time_zone(time_zone)
    firm = Firm.objects.create(
        name=name,
        time_zone=time_zone,
        home_currency=home_currency,
        billing_plan=billing_plan,
        licences=list(licences),
    )
    roles = {
        role: Role.objects.create(firm=firm, name=role, permissions=list(permissions))
        for role, permissions in FIRST_ROLES.items()
    }
    user, is_new = _find_or_create_user(email=admin_email, name=admin_name, password=password)
    Membership.objects.create(firm=firm, user=user, role=roles["Admin"])
    AuditEntry.objects.create(
        firm=firm,
        at=now,
        actor_label="The operator",
        action="Firm created",
        detail={"admin": user.email},
    )
    if is_new and password is None:
        transaction.on_commit(
            partial(mails.send_invitation, user=user, firm=firm, by="Canopy Sync")
        )
    return firm


@transaction.atomic
def update_firm(
    *, actor: Actor, firm: Firm, name: str, time_zone: str, home_currency: str, now: datetime
) -> Firm:
    """
    Change the firm's profile. Whoever manages the team may.

    Raises:
        TimeZoneUnknown: nothing was saved.
    """
    actor.must(Permission.MANAGE_TEAM, in_firm=firm.pk)
    _check_time_zone(time_zone)
    wanted = {"name": name, "time_zone": time_zone, "home_currency": home_currency}
    current = Firm.objects.select_for_update().get(pk=firm.pk)
    before = {field: getattr(current, field) for field in wanted}
    changed = [field for field in wanted if before[field] != wanted[field]]
    if changed:
        Firm.objects.filter(pk=firm.pk).update(**wanted)
        write_audit(
            actor=actor,
            firm_id=firm.pk,
            action="Firm profile changed",
            before={field: before[field] for field in changed},
            after={field: wanted[field] for field in changed},
            now=now,
        )
    current.refresh_from_db()
    return current


@transaction.atomic
def invite_member(
    *, actor: Actor, firm: Firm, email: str, name: str, role: Role, now: datetime
) -> Membership:
    """
    Take a person into the firm; somebody new gets a mail with a link to choose a password.

    Raises:
        AlreadyMember: nothing was saved.
        NotAllowed: the role may do what the actor may not.
        RoleGone: the role was deleted meanwhile.
    """
    actor.must(Permission.MANAGE_TEAM, in_firm=firm.pk)
    lock_team(firm.pk)
    role = _role_to_give(actor, firm_id=firm.pk, role=role)
    user, is_new = _find_or_create_user(email=email, name=name, password=None)
    membership, is_added = Membership.objects.get_or_create(
        user=user, firm=firm, defaults={"role": role}
    )
    if not is_added:
        raise AlreadyMember(f"{user} is in the team already.")
    detail = {"email": user.email, "role": role.name}
    write_audit(actor=actor, firm_id=firm.pk, action="Member invited", detail=detail, now=now)
    send = mails.send_invitation if is_new else mails.send_welcome
    transaction.on_commit(partial(send, user=user, firm=firm, by=actor.label))
    return membership


@transaction.atomic
def change_role(*, actor: Actor, membership: Membership, role: Role, now: datetime) -> Membership:
    """
    Raises:
        LastAdmin: nobody could manage the team any more; nothing was saved.
        NotAllowed: the role may do what the actor may not.
        RoleGone: the role was deleted meanwhile.
    """
    actor.must(Permission.MANAGE_TEAM, in_firm=membership.firm_id)
    lock_team(membership.firm_id)
    role = _role_to_give(actor, firm_id=membership.firm_id, role=role)
    before = Membership.objects.select_related("role", "user").get(pk=membership.pk)
    if before.role == role:
        return before
    if Permission.MANAGE_TEAM not in role.permissions:
        _someone_else_must_manage(before)
    Membership.objects.filter(pk=membership.pk).update(role=role)
    write_audit(
        actor=actor,
        firm_id=membership.firm_id,
        action="Role changed",
        detail={"member": before.user.email},
        before={"role": before.role.name},
        after={"role": role.name},
        now=now,
    )
    return Membership.objects.select_related("role", "user").get(pk=membership.pk)


@transaction.atomic
def remove_member(*, actor: Actor, membership: Membership, now: datetime) -> None:
    """
    Take a person out of the firm and stop their API tokens there.

    The account stays: it may belong to other firms.

    Raises:
        LastAdmin: nobody could manage the team any more; nothing was changed.
    """
    actor.must(Permission.MANAGE_TEAM, in_firm=membership.firm_id)
    lock_team(membership.firm_id)
    _someone_else_must_manage(membership)
    write_audit(
        actor=actor,
        firm_id=membership.firm_id,
        action="Member removed",
        detail={"member": membership.user.email},
        now=now,
    )
    # For good: whoever comes back makes new ones.
    ApiToken.objects.filter(
        firm_id=membership.firm_id, made_by_id=membership.user_id, revoked_at=None
    ).update(revoked_at=now)
    membership.delete()


@transaction.atomic
def ask_admin(*, actor: Actor, firm: Firm, about: str, now: datetime) -> int:
    """
    Mail the firm's admins what a member would like; return to how many it goes.

    Args:
        about: a sentence of ours, for example "Connect QuickBooks Online".
    Raises:
        AskedTooOften: three times within an hour already; nothing was sent.
        NobodyToAsk: no other member manages the team.
    """
    if actor.firm_id != firm.pk:
        raise NotAllowed(Permission.VIEW_ONLY)
    lock_team(firm.pk)
    asked = AuditEntry.objects.filter(
        firm=firm,
        actor_label=actor.label,
        action="Admin asked",
        at__gt=now - timedelta(hours=1),
    )
    if asked.count() >= QUESTIONS_AN_HOUR:
        raise AskedTooOften("You asked 3 times within the hour. The mails are on their way.")
    admins = [
        each.user.email
        for each in _managers(firm.pk).exclude(user_id=actor.user_id).select_related("user")
    ]
    if not admins:
        raise NobodyToAsk("Nobody else in the firm can give permissions.")
    write_audit(
        actor=actor, firm_id=firm.pk, action="Admin asked", detail={"about": about}, now=now
    )
    transaction.on_commit(
        partial(
            send_mail,
            f"{mails.one_line(actor.label)} asks: {mails.one_line(about)}",
            f"{actor.label} of {firm} asks for help with this:\n\n{about}\n\n"
            f"Team and roles: {settings.BASE_URL}/settings/team/\n",
            None,
            admins,
        )
    )
    return len(admins)


def write_audit(
    *,
    actor: Actor,
    firm_id: int,
    action: str,
    now: datetime,
    detail: Mapping[str, Any] = NOTHING,
    before: Mapping[str, Any] = NOTHING,
    after: Mapping[str, Any] = NOTHING,
) -> None:
    """Note what was done that is worth keeping. `before` and `after` say what changed."""
    AuditEntry.objects.create(
        firm_id=firm_id,
        at=now,
        actor_label=actor.label[:200],
        user_id=actor.user_id,
        from_ip=actor.origin.ip,
        user_agent=actor.origin.user_agent.replace("\0", "")[:300],
        action=action,
        before=dict(before),
        after=dict(after),
        detail=dict(detail),
    )


def _role_to_give(actor: Actor, *, firm_id: int, role: Role) -> Role:
    """The role as it is now: it may have been edited since the page was opened."""
    actor.must_be_of(role.firm_id)
    current = Role.objects.filter(pk=role.pk).first()
    if current is None:
        raise RoleGone("This role was deleted meanwhile. Choose another one.")
    for permission in current.permissions:
        actor.must(Permission(permission), in_firm=firm_id)  # nobody gives what they have not
    return current


def lock_team(firm_id: int) -> None:
    """One change of the team at a time: two admins cannot each remove the other."""
    Firm.objects.select_for_update().get(pk=firm_id)


def _managers(firm_id: int) -> Any:
    return Membership.objects.filter(
        firm_id=firm_id,
        role__permissions__contains=[Permission.MANAGE_TEAM],
        user__is_active=True,
    )


def must_leave_a_manager(firm_id: int) -> None:
    """
    Raises:
        LastAdmin: nobody can manage the team as it is now.
    """
    if not _managers(firm_id).exists():
        raise LastAdmin("Nobody could manage the team any more. Keep Manage Team in this role.")


def _someone_else_must_manage(membership: Membership) -> None:
    if not _managers(membership.firm_id).exclude(pk=membership.pk).exists():
        raise LastAdmin(f"{membership.user} is the last who can manage the team.")


def _find_or_create_user(*, email: str, name: str, password: str | None) -> tuple[User, bool]:
    found = User.objects.filter(email__iexact=email).first()
    if found:
        return found, False
    return User.objects.create_user(email, password, name=name), True


def _check_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise TimeZoneUnknown(f"There is no time zone {name}.")
