from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0016_acts_by_house'),
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
