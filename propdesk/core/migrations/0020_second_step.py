from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0019_shift_passed")]

    operations = [
        migrations.AddField(
            model,
            "second_step",
            models.CharField(
                choices=[
                    ("nobody", "自愿"),
                    ("managers", "物业经理、总物业经理、管理员必须"),
                    ("everybody", "全体员工必须"),
                ],
                db_default="nobody",
                default="nobody",
                max_length=12,
                verbose_name="两步登录",
            ),
        )
        for model in ("propertysettings", "historicalpropertysettings")
    ]
