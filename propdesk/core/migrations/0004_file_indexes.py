
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # A million photos are indexed without stopping anybody who writes.
    atomic = False

    dependencies = [
        ('core', '0003_report_times_in_order'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='attachment',
            index=models.Index(fields=['file'], name='core_attach_file_bbc497_idx'),
        ),
        AddIndexConcurrently(
            model_name='attachment',
            index=models.Index(fields=['print_file'], name='core_attach_print_f_f38bce_idx'),
        ),
        AddIndexConcurrently(
            model_name='document',
            index=models.Index(fields=['file'], name='core_docume_file_3ae713_idx'),
        ),
    ]
