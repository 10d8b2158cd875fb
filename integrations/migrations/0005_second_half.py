"""A run of set-up is of one half; its rows tell of items, invoices and payments, too."""

from django.db import migrations, models

RENAMED = {
    "contacts_confirmed_at": "confirmed_at",
    "contacts_confirmed_by": "confirmed_by",
    "contacts_counts": "promised",
    "contacts_finished_at": "worked_off_at",
}


class Migration(migrations.Migration):
    dependencies = [("integrations", "0004_transactions")]

    operations = [
        migrations.RenameField("setup", before, after) for before, after in RENAMED.items()
    ] + [
        migrations.RemoveConstraint("setup", "one_current_setup"),
        migrations.AddField(
            "setup",
            "half",
            models.CharField(
                choices=[("contacts", "Contacts"), ("billing", "Service items and invoices")],
                default="contacts",
                max_length=8,
            ),
        ),
        migrations.AddField("setup", "import_entity", models.CharField(blank=True, max_length=32)),
        migrations.AddConstraint(
            "setup",
            models.UniqueConstraint(
                models.F("connection"),
                models.F("half"),
                condition=models.Q(is_current=True),
                name="one_current_setup_a_half",
            ),
        ),
        migrations.AlterField(
            "matchproposal",
            "decision",
            models.CharField(
                blank=True,
                choices=[
                    ("link", "Link"),
                    ("create_there", "Create in QuickBooks"),
                    ("create_here", "Create here"),
                    ("leave_out", "Leave out"),
                    ("", "Not decided"),
                ],
                default="",
                max_length=12,
            ),
        ),
        migrations.AddField("matchproposal", "local_told", models.JSONField(default=dict)),
        migrations.AddField("matchproposal", "remote_told", models.JSONField(default=dict)),
        migrations.AddField(
            "matchproposal",
            "amount",
            models.DecimalField(decimal_places=2, max_digits=15, null=True),
        ),
        migrations.AddField("matchproposal", "dated_on", models.DateField(null=True)),
        migrations.AddField("matchproposal", "is_open", models.BooleanField(default=False)),
        migrations.AddField("matchproposal", "is_held", models.BooleanField(default=False)),
        migrations.AddField("matchproposal", "is_due", models.BooleanField(default=False)),
        migrations.RemoveIndex("matchproposal", "proposals_in_order"),
        migrations.RemoveIndex("matchproposal", "proposals_by_contact"),
        migrations.RemoveIndex("matchproposal", "proposals_by_remote_id"),
        migrations.AddIndex(
            "matchproposal",
            models.Index(
                fields=["setup", "entity", "list", "sort_key", "id"], name="proposals_of_entity"
            ),
        ),
        migrations.AddIndex(
            "matchproposal",
            models.Index(fields=["setup", "entity", "local_id"], name="proposals_by_local_id"),
        ),
        migrations.AddIndex(
            "matchproposal",
            models.Index(fields=["setup", "entity", "remote_id"], name="proposals_by_their_id"),
        ),
    ]
