"""Partition the activity table by month while it is empty: a primary key cannot change later."""

from django.db import migrations

PARTITION = """
ALTER TABLE integrations_activity RENAME TO integrations_activity_plain;
CREATE TABLE integrations_activity (
    LIKE integrations_activity_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS
) PARTITION BY RANGE (at);
DROP TABLE integrations_activity_plain;
ALTER TABLE integrations_activity ADD PRIMARY KEY (at, id);
CREATE INDEX activity_by_time ON integrations_activity (connection_id, at DESC);
CREATE INDEX activity_of_a_pair ON integrations_activity (link_id, at DESC);
CREATE TABLE integrations_activity_rest PARTITION OF integrations_activity DEFAULT;
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial")]

    operations = [migrations.RunSQL(PARTITION, migrations.RunSQL.noop)]
