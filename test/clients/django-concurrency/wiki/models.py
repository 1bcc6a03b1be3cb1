"""django-concurrency's fields, and what is said to the server beside them."""

from contextlib import contextmanager

from concurrency.api import concurrency_disable_increment, disable_concurrency
from concurrency.fields import AutoIncVersionField, ConditionalVersionField, IntegerVersionField, TriggerVersionField
from django.db import connection, models, transaction


class Text(models.Model):
    title = models.TextField(default="draft")
    body = models.TextField()
    seen = models.IntegerField(default=0)

    class Meta:
        abstract = True


class Doc(Text):
    version = AutoIncVersionField()


class Page(Text):
    version = IntegerVersionField()


class Memo(Text):
    version = TriggerVersionField()


class Note(Text):
    version = ConditionalVersionField()

    class ConcurrencyMeta:
        ignore_fields = ["seen", "version"]


def tell(function, *arguments):
    """Call one of concurrency's functions."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT concurrency.{function}({', '.join(['%s'] * len(arguments))})", arguments)


@contextmanager
def overwriting(model):
    """As disable_concurrency(model), also where the server checks."""
    with disable_concurrency(model), transaction.atomic():
        tell("skip_check", model._meta.db_table)
        yield
        tell("skip_check", model._meta.db_table, False)


@contextmanager
def not_counting(row):
    """As concurrency_disable_increment(row), also where the server counts."""
    with concurrency_disable_increment(row), transaction.atomic():
        tell("skip_bump", row._meta.db_table)
        yield
        tell("skip_bump", row._meta.db_table, False)


def expect(row):
    """Until the end of the transaction, rows of the table that are written must be at this version."""
    tell("expect", row._meta.db_table, row.get_concurrency_version())
