import concurrency.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Doc',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.TextField(default='draft')),
                ('body', models.TextField()),
                ('seen', models.IntegerField(default=0)),
                ('version', concurrency.fields.AutoIncVersionField(default=0, help_text='record revision number')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Memo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.TextField(default='draft')),
                ('body', models.TextField()),
                ('seen', models.IntegerField(default=0)),
                ('version', concurrency.fields.TriggerVersionField(default=0, help_text='record revision number')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.TextField(default='draft')),
                ('body', models.TextField()),
                ('seen', models.IntegerField(default=0)),
                ('version', concurrency.fields.ConditionalVersionField(default=0, help_text='record revision number')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Page',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.TextField(default='draft')),
                ('body', models.TextField()),
                ('seen', models.IntegerField(default=0)),
                ('version', concurrency.fields.IntegerVersionField(default=0, help_text='record revision number')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
