"""Let the database refuse every change of the audit log."""

from __future__ import annotations

from typing import Any

from django.db import migrations

# Two changes are let through, both of the foreign keys: an entry goes when its firm is gone already,
# and forgets a person who is gone already. TRUNCATE is refused while there are firms. The search
# path is fixed, or a temporary table could stand in for ours.
KEEP = """
CREATE FUNCTION firms_keep_audit() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM firms_firm WHERE id = OLD.firm_id) THEN
            RETURN OLD;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        IF NEW.user_id IS NULL
           AND NOT EXISTS (SELECT FROM firms_user WHERE id = OLD.user_id)
           AND to_jsonb(NEW) - 'user_id' = to_jsonb(OLD) - 'user_id' THEN
            RETURN NEW;
        END IF;
    ELSIF NOT EXISTS (SELECT FROM firms_firm) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The audit log is only ever added to.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON firms_auditentry
    FOR EACH ROW EXECUTE FUNCTION firms_keep_audit();
CREATE TRIGGER audit_is_not_emptied AFTER TRUNCATE ON firms_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION firms_keep_audit();
"""
LET_GO = """
DROP TRIGGER audit_is_not_emptied ON firms_auditentry;
DROP TRIGGER audit_is_append_only ON firms_auditentry;
DROP FUNCTION firms_keep_audit();
"""


def split_pairs(apps: Any, schema_editor: Any) -> None:
    """What changed was kept as [before, after] among the details."""
    for entry in apps.get_model("firms", "AuditEntry").objects.iterator():
        pairs = {name: it for name, it in entry.detail.items() if _is_pair(it)}
        entry.before = {name: before for name, (before, _) in pairs.items()}
        entry.after = {name: after for name, (_, after) in pairs.items()}
        changes = {}
        if isinstance(entry.detail.get("before"), dict):  # so did the connection's
            changes = {"before": entry.detail["before"], "after": entry.detail.get("after") or {}}
            entry.before, entry.after = changes["before"], changes["after"]
        entry.detail = {
            name: it for name, it in entry.detail.items() if name not in {**pairs, **changes}
        }
        if pairs or changes:
            entry.save(update_fields=["before", "after", "detail"])


def join_pairs(apps: Any, schema_editor: Any) -> None:
    for entry in apps.get_model("firms", "AuditEntry").objects.iterator():
        names = {**entry.before, **entry.after}
        if names:
            pairs = {name: [entry.before.get(name), entry.after.get(name)] for name in names}
            entry.detail = {**entry.detail, **pairs}
            entry.save(update_fields=["detail"])


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


class Migration(migrations.Migration):
    dependencies = [("firms", "0002_audit_from_where")]

    operations = [
        migrations.RunPython(split_pairs, join_pairs),
        migrations.RunSQL(KEEP, LET_GO),
    ]
