"""The only writers of roles, beside the three that a firm starts with (see `services`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from firms.models import Firm, Membership, Role
from firms.permissions import Actor, Permission
from firms.services import FirmError, lock_team, must_leave_a_manager, write_audit


class RoleRefused(FirmError):
    """The role cannot be as asked; nothing was saved. `field` is the one that is wrong."""

    def __init__(self, sentence: str, *, field: str) -> None:
        self.field = field
        super().__init__(sentence)


class RoleInUse(FirmError):
    """Members have it; nothing was deleted."""


@transaction.atomic
def create_role(
    *, actor: Actor, firm: Firm, name: str, permissions: Iterable[str], now: datetime
) -> Role:
    """
    Raises:
        NotAllowed: a permission the actor lacks.
        RoleRefused: no name or one that is taken, or no permission.
    """
    actor.must(Permission.MANAGE_TEAM, in_firm=firm.pk)
    lock_team(firm.pk)
    wanted = _known(permissions)
    _must_give(actor, firm.pk, wanted)
    name = _checked_name(name, firm_id=firm.pk)
    role = Role.objects.create(firm=firm, name=name, permissions=wanted)
    detail = {"role": name, "permissions": _labels(wanted)}
    write_audit(actor=actor, firm_id=firm.pk, action="Role made", detail=detail, now=now)
    return role


@transaction.atomic
def update_role(
    *, actor: Actor, role: Role, name: str, permissions: Iterable[str], now: datetime
) -> Role:
    """
    Rename a role and set what it may do; who has it is bound by that from the next request on.

    Raises:
        NotAllowed: it would gain a permission the actor lacks.
        LastAdmin: nobody could manage the team any more; nothing was changed.
        RoleRefused: as in `create_role`.
    """
    actor.must(Permission.MANAGE_TEAM, in_firm=role.firm_id)
    lock_team(role.firm_id)
    current = Role.objects.get(pk=role.pk)
    wanted = _known(permissions)
    _must_give(actor, role.firm_id, [it for it in wanted if it not in current.permissions])
    name = _checked_name(name, firm_id=role.firm_id, but=role.pk)
    before = {"name": current.name, "permissions": _labels(_known(current.permissions))}
    after = {"name": name, "permissions": _labels(wanted)}
    changed = [each for each in after if before[each] != after[each]]
    if not changed:
        return current
    current.name, current.permissions = name, list(wanted)
    current.save()
    must_leave_a_manager(role.firm_id)
    write_audit(
        actor=actor,
        firm_id=role.firm_id,
        action="Role edited",
        detail={"role": name},
        before={each: before[each] for each in changed},
        after={each: after[each] for each in changed},
        now=now,
    )
    return current


@transaction.atomic
def delete_role(*, actor: Actor, role: Role, now: datetime) -> None:
    """
    Raises:
        RoleInUse: a member has it.
    """
    actor.must(Permission.MANAGE_TEAM, in_firm=role.firm_id)
    lock_team(role.firm_id)
    if Membership.objects.filter(role=role).exists():
        raise RoleInUse(f"{role} is the role of a member. Give them another one first.")
    Role.objects.filter(pk=role.pk).delete()
    write_audit(
        actor=actor,
        firm_id=role.firm_id,
        action="Role deleted",
        detail={"role": role.name},
        now=now,
    )


def _known(permissions: Iterable[str]) -> list[Permission]:
    """In our order."""
    asked = set(permissions)
    wanted = [each for each in Permission if each in asked]
    if not wanted:
        raise RoleRefused("Choose at least one permission", field="permissions")
    return wanted


def _must_give(actor: Actor, firm_id: int, permissions: Iterable[Permission]) -> None:
    for permission in permissions:
        actor.must(permission, in_firm=firm_id)  # nobody gives what they have not


def _checked_name(name: str, *, firm_id: int, but: int = 0) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 80 or not name.isprintable():
        raise RoleRefused("Enter a name of at most 80 characters", field="name")
    # Under the lock of the team, so nobody takes it meanwhile.
    if Role.objects.filter(firm_id=firm_id, name__iexact=name).exclude(pk=but).exists():
        raise RoleRefused(f"There is a role called {name} already", field="name")
    return name


def _labels(permissions: Iterable[Permission]) -> list[str]:
    return [str(each.label) for each in permissions]
