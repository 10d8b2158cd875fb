from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0006_invoice_mails'),
    ]

    operations = [
        migrations.AddField(
            model_name='payment',
            name='changed_by',
            field=models.CharField(blank=True, max_length=200),
        ),
    ]
