"""What becomes of Django's writes."""

import os

import django

django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.db.models import F
from django.forms import modelformset_factory
from django.test import Client
from django.test.utils import setup_test_environment

from cases import GONE, attempt, new_row, write_by_tool
from wiki.models import Doc, Page, PageForm, expect

MINE, FIRST, SECOND, TOOL, BOTH = (
    {"body": body} for body in ("mine", "first", "second", "by a tool", "first and second"))


def check(case, write, row, mine, theirs=None):
    attempt(case, write, (row._meta.db_table, row.pk or (lambda: row.pk)), mine, theirs, DatabaseError)


def change(row, **changes):
    for name, value in changes.items():
        setattr(row, name, value)
    return row


def save(row, update_fields=None, **changes):
    change(row, **changes).save(update_fields=update_fields)


def read(row):
    """The row as another writer reads it."""
    return this(row).get()


def this(row):
    return type(row).objects.filter(pk=row.pk)


def as_read(row):
    return this(row).filter(version=row.version)


def bulk_update(row, fields, **changes):
    type(row).objects.bulk_update([change(row, **changes)], fields)


def expecting(row, write):
    """Write, and say first which version was read."""
    with transaction.atomic():
        expect(row)
        write()


def fresh(model=Doc):
    return model.objects.get(pk=new_row(model._meta.db_table))


def stale(model=Doc):
    """A row as it was read before somebody else saved it."""
    row = fresh(model)
    save(read(row), **FIRST)
    return row


def stale_by_tool(model=Doc):
    """A row as it was read before a tool wrote it."""
    row = fresh(model)
    write_by_tool(model._meta.db_table, row.pk)
    return row


# plain save() ...
row = Doc(**MINE)
check("create", row.save, row, MINE)
row = fresh()
check("read", row.refresh_from_db, row, {"body": row.body, "version": row.version})
check("fresh update", lambda: save(row, **FIRST), row, FIRST)
check("second fresh update, not read back", lambda: save(row, **SECOND), row, SECOND)
row = fresh()
save(row, **FIRST)
row.refresh_from_db(fields=["version"])
check("second fresh update, read back", lambda: save(row, **SECOND), row, SECOND)
row = stale()
check("stale update", lambda: save(row, **SECOND), row, SECOND, FIRST)
row = stale_by_tool()
check("stale update after a blind one", lambda: save(row, **SECOND), row, SECOND, TOOL)
row = fresh()
read(row).delete()
check("save() of a row that is deleted", lambda: save(row, **SECOND), row, SECOND, GONE)

# ... of some fields
row = stale()
check("save(update_fields) without the version: stale", lambda: save(row, ["body"], **SECOND), row, SECOND, FIRST)
row = fresh()
save(read(row), title="first")
check("save(update_fields) without the version: another field is stale", lambda: save(row, ["body"], **SECOND), row,
      SECOND, {"title": "first"})
row = stale()
check("save(update_fields) with the version: stale", lambda: save(row, ["body", "version"], **SECOND), row,
      SECOND, FIRST)
row = fresh()
some = Doc.objects.only("body").get(pk=row.pk)
save(row, **FIRST)
check("save() of only('body'): stale", lambda: save(some, **SECOND), some, SECOND, FIRST)

# ... of the base class that reads back
row = Page(**MINE)
check("Versioned: create", row.save, row, MINE)
row = fresh(Page)
check("Versioned: fresh update", lambda: save(row, **FIRST), row, FIRST)
check("Versioned: second fresh update", lambda: save(row, **SECOND), row, SECOND)
check("Versioned: fresh save(update_fields)", lambda: save(row, ["body"], **FIRST), row, FIRST)
row = stale(Page)
check("Versioned: stale update", lambda: save(row, **SECOND), row, SECOND, FIRST)
row = stale(Page)
check("Versioned: stale save(update_fields)", lambda: save(row, ["body"], **SECOND), row, SECOND, FIRST)
row = fresh(Page)
read(row).delete()
check("Versioned: save() of a row that is deleted", lambda: save(row, **SECOND), row, SECOND, GONE)

# querysets
ONE_MORE = {**SECOND, "version": F("version") + 1}
row = fresh()
check("update() where version is as read: fresh", lambda: as_read(row).update(**ONE_MORE), row, SECOND)
row = stale()
check("update() where version is as read: stale", lambda: as_read(row).update(**ONE_MORE), row, SECOND, FIRST)
row = stale()
check("update() of F('version') + 1, at any version: stale", lambda: this(row).update(**ONE_MORE), row, SECOND, FIRST)
row = stale()
check("update(), blind", lambda: this(row).update(**SECOND), row, SECOND, FIRST)
row = fresh()
this(row).update(**FIRST)
check("fresh save() after one's own update()", lambda: save(row, **SECOND), row, SECOND)
row = fresh()
check("bulk_update() with the version: fresh", lambda: bulk_update(row, ["body", "version"], **SECOND), row, SECOND)
row = stale()
check("bulk_update() with the version: stale", lambda: bulk_update(row, ["body", "version"], **SECOND), row,
      SECOND, FIRST)
row = stale()
check("bulk_update() without the version: stale", lambda: bulk_update(row, ["body"], **SECOND), row, SECOND, FIRST)
row = fresh()
check("fresh delete()", lambda: row.delete()[0], row, GONE)
row = stale()
check("stale delete()", lambda: row.delete()[0], row, GONE, FIRST)
if os.environ["CASES_MODE"] == "attached":
    row = fresh()
    check("fresh delete(), by expect()", lambda: expecting(row, row.delete), row, GONE)
    row = stale()
    check("stale delete(), by expect()", lambda: expecting(row, row.delete), row, GONE, FIRST)
    row = stale()
    check("update(), by expect()", lambda: expecting(row, lambda: this(row).update(**SECOND)), row, SECOND, FIRST)

# forms: a browser sends back what it was sent, but for what somebody has typed
PageFormSet = modelformset_factory(Page, form=PageForm, extra=0)
BlindFormSet = modelformset_factory(Page, fields=["body"], extra=0)


def filled(form):
    return {form.add_prefix(name): form[name].value() for name in form.fields}


class Browser:
    """A page that shows a form, or a list of them, to one person."""

    def __init__(self, *rows, formset=PageFormSet):
        self.formset, self.rows = formset, Page.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk")
        shown = formset(queryset=self.rows.all())
        self.data = filled(shown.management_form)
        for form in shown:
            self.data |= filled(form)

    def submit(self, *bodies):
        """The list, with new bodies, as it arrives; None leaves a body as it is."""
        self.data |= {f"form-{i}-body": body for i, body in enumerate(bodies) if body}
        formset = self.formset(self.data, queryset=self.rows.all())
        assert formset.is_valid(), formset.errors
        return formset

    def save_all(self, *bodies):
        with transaction.atomic():
            self.submit(*bodies).save()

    def save_each(self, *bodies):
        """Save, and as long as somebody else's text is in the way, save the next."""
        for body in bodies:
            form, = self.submit(body)
            if form.try_save():
                return
            assert form.errors["body"] == ["There is now: first"], form.errors
            self.data = form.data
        raise SystemExit(f"cannot save {self.data}")


row = fresh(Page)
page = Browser(row)
check("form: fresh update", lambda: page.save_all("mine"), row, MINE)
row = fresh(Page)
page = Browser(row)
Browser(row).save_all("first")
check("form: stale update", lambda: page.save_all("second"), row, SECOND, FIRST)
row = fresh(Page)
page = Browser(row)
Browser(row).save_all("first")
check("form: stale update, then merged", lambda: page.save_each("second", "first and second"), row, None, BOTH)
row = fresh(Page)
page = Browser(row)
Browser(row).save_all("first")
check("form: stale update, then overwritten knowingly", lambda: page.save_each("second", "second"), row, SECOND)
row, other = fresh(Page), fresh(Page)
page = Browser(row, other)
check("list of forms: fresh update", lambda: page.save_all(None, "mine"), other, MINE)
row, other = fresh(Page), fresh(Page)
page = Browser(row, other)
Browser(row, other).save_all("first", None)
check("list of forms: stale update", lambda: page.save_all("second", None), row, SECOND, FIRST)
row, other = fresh(Page), fresh(Page)
page = Browser(row, other)
Browser(row, other).save_all("first", None)
check("list of forms: the row that nobody edited is stale", lambda: page.save_all(None, "second"), row, None, FIRST)
row, other = fresh(Page), fresh(Page)
page = Browser(row, other, formset=BlindFormSet)
Browser(row, other, formset=BlindFormSet).save_all("first", None)
check("list of forms without the version: stale update", lambda: page.save_all("second", None), row, SECOND, FIRST)
row, other = fresh(Page), fresh(Page)
page = Browser(row, other)
Browser(row, other).save_all("first", None)
check("list of forms, saved one by one: a fresh row beside a stale one",
      lambda: [form.try_save() for form in page.submit(None, "second") if form.has_changed()], other, SECOND)
if os.environ["CASES_MODE"] == "attached":
    assert read(row).body == "first"


# the admin
class AdminPage:
    """A page of the admin, as a browser shows it: the list, or one row."""

    def __init__(self, url):
        self.url = url
        context = client.get(url).context
        if "cl" in context:
            formset = context["cl"].formset
            self.data = filled(formset.management_form) | {"_save": "Save"}
            forms = formset.forms
        else:
            self.data, forms = {}, [context["adminform"].form]
        for form in forms:
            self.data |= filled(form)

    def save(self, **changes):
        response = client.post(self.url, self.data | changes)
        assert response.status_code == 302, response.content


def admin_row(row):
    return AdminPage(f"/admin/wiki/page/{row.pk}/change/")


def admin_list(*rows):
    return AdminPage("/admin/wiki/page/?id__in=" + ",".join(str(row.pk) for row in rows))


call_command("migrate", verbosity=0)
setup_test_environment()
client = Client()
client.force_login(User.objects.create_superuser("admin"))

row = fresh(Page)
page = admin_row(row)
check("admin, one row: fresh update", lambda: page.save(body="mine"), row, MINE)
row = fresh(Page)
page = admin_row(row)
admin_row(row).save(body="first")
check("admin, one row: stale update", lambda: page.save(body="second"), row, SECOND, FIRST)
row, other = fresh(Page), fresh(Page)
page = admin_list(row, other)
check("admin, list: fresh update", lambda: page.save(**{"form-0-body": "mine"}), other, MINE)
row, other = fresh(Page), fresh(Page)
page = admin_list(row, other)
admin_list(row, other).save(**{"form-1-body": "first"})
check("admin, list: stale update", lambda: page.save(**{"form-1-body": "second"}), row, SECOND, FIRST)
row, other = fresh(Page), fresh(Page)
page = admin_list(row, other)
admin_list(row, other).save(**{"form-1-body": "first"})
check("admin, list: the row that nobody edited is stale", lambda: page.save(**{"form-0-body": "second"}), row,
      None, FIRST)
