
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0002_guards'),
    ]

    operations = [
        migrations.AlterField(
            model_name='progress',
            name='kind',
            field=models.CharField(choices=[('started', '开工'), ('progress', '进展'), ('contact', '联系客户'), ('done', '部门完成'), ('not_done', '核实未完成'), ('asked', '请示再延期'), ('granted', '同意再延期'), ('declined', '不同意再延期')], max_length=8),
        ),
    ]
