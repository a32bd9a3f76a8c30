
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_report_times_in_order'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='attachment',
            index=models.Index(fields=['file'], name='core_attach_file_bbc497_idx'),
        ),
        migrations.AddIndex(
            model_name='attachment',
            index=models.Index(fields=['print_file'], name='core_attach_print_f_f38bce_idx'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['file'], name='core_docume_file_3ae713_idx'),
        ),
    ]
