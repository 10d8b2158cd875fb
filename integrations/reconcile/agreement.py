"""Where two records do not agree, by the comparison keys of their fields. Pure, as all here."""

from __future__ import annotations

from collections.abc import Set

from integrations.reconcile.record import UNKNOWN, Field, Record, Unknown

LIFE = "life"


def differences[R: Record](local: R, remote: R, *, without: Set[str] = frozenset()) -> list[Field]:
    """
    The fields in which both sides are known and not the same.

    What ended for good on both sides agrees, and where the lives differ that is all there is to
    say. A value that nobody told is neither equal nor different.

    Args:
        without: groups that the rules keep out of the sync.
    """
    if _is_final(local) and _is_final(remote):
        return []
    found = [each for each in local.fields() if _differs(each, local, remote)]
    if _is_final(local) or _is_final(remote) or any(each.name == LIFE for each in found):
        found = [each for each in found if each.name == LIFE]
    return [each for each in found if each.group not in without]


def _differs(field: Field, local: Record, remote: Record) -> bool:
    ours, theirs = getattr(local, field.name), getattr(remote, field.name)
    is_known = ours is not UNKNOWN and theirs is not UNKNOWN
    return is_known and not field.same(ours, theirs)


def _is_final(record: Record) -> bool:
    return not isinstance(record.life, Unknown) and record.life.is_final
