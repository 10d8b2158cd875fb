from django.db import migrations


def tell(apps, schema_editor):
    Invoice = apps.get_model("billing", "Invoice")
    Invoice.objects.filter(emailed_at__isnull=False).update(is_emailed_there=True)


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_payments_voided_with_their_invoice")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
