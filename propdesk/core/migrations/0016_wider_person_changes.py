from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0015_period_indexes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='personchange',
            name='new',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name='personchange',
            name='old',
            field=models.CharField(blank=True, max_length=200),
        ),
    ]
