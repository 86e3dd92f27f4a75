"""The cache's table, so that `migrate` is all an installation needs (createcachetable finds it there)."""

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            [
                "CREATE TABLE IF NOT EXISTS django_cache ("
                "cache_key varchar(255) NOT NULL PRIMARY KEY, value text NOT NULL, "
                "expires timestamp with time zone NOT NULL)",
                "CREATE INDEX IF NOT EXISTS django_cache_expires ON django_cache (expires)",
            ],
            ["DROP TABLE django_cache"],
        ),
    ]
