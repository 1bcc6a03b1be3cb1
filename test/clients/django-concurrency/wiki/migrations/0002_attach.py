"""A TriggerVersionField needs nothing here: the factory makes its trigger after each migrate."""

from django.db import migrations


def attach(arguments, table):
    return migrations.RunSQL(f"SELECT concurrency.attach({arguments})", f"SELECT concurrency.detach('{table}')")


class Migration(migrations.Migration):
    dependencies = [("wiki", "0001_initial")]
    operations = [
        attach("'wiki_doc', guard_delete => true", "wiki_doc"),                 # AutoIncVersionField
        attach("'wiki_page', kind => 'clock', protocol => 'auto'", "wiki_page"),    # IntegerVersionField
        attach("'wiki_note', ignore => 'seen'", "wiki_note"),                   # ConditionalVersionField
    ]
