"""Django: an ordinary field, a base class, a form, and how to tell that a write is stale."""

from django import forms
from django.db import DatabaseError, connection, models, transaction


def is_stale(error):
    """Did the server refuse a write, as the row has changed since it was read?"""
    return hasattr(error.__cause__, "diag") and error.__cause__.diag.sqlstate == "PT409"


class Doc(models.Model):
    """As any other: save() sends all fields, so the version that was read as well."""
    title = models.TextField(default="draft")
    body = models.TextField()
    version = models.BigIntegerField(default=1)

    class Meta:
        db_table = "doc"
        managed = False


class Versioned(models.Model):
    """Send the version with every save, and go on with the one that the row has then."""
    version = models.BigIntegerField(default=1)

    class Meta:
        abstract = True

    def save(self, *args, update_fields=None, **kwargs):
        if update_fields:
            update_fields = {*update_fields, "version"}
        kwargs.setdefault("force_update", not self._state.adding)   # else what was deleted is back
        with transaction.atomic():
            super().save(*args, update_fields=update_fields, **kwargs)
            self.refresh_from_db(fields=["version"])


class Page(Versioned):
    title = models.TextField(default="draft")
    body = models.TextField()

    class Meta:
        db_table = "page"
        managed = False


class PageForm(forms.ModelForm):
    """A form that sends back the version that it was filled with."""

    class Meta:
        model = Page
        fields = ["title", "body", "version"]
        widgets = {"version": forms.HiddenInput}

    def try_save(self):
        """Save; or say what is there now, so that whoever saves again does so knowingly."""
        try:
            with transaction.atomic():
                self.save()
        except DatabaseError as error:
            if not is_stale(error):
                raise
            self.show_both()
            return False
        return True

    def show_both(self):
        now = Page.objects.get(pk=self.instance.pk)
        self.add_error(None, "Somebody else has saved meanwhile. Merge, or save again to overwrite.")
        for name in ["title", "body"]:
            if getattr(now, name) != self.cleaned_data[name]:
                self.add_error(name, f"There is now: {getattr(now, name)}")
        self.data = self.data.copy()
        self.data[self.add_prefix("version")] = now.version


def expect(row):
    """Until the end of the transaction, rows of the table that are written must be at this version."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT concurrency.expect(%s, %s)", [row._meta.db_table, row.version])
