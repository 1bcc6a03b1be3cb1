"""What becomes of the writes of django-concurrency, and of django-optimistic-lock."""

import os
import sys
from io import StringIO

import django

django.setup()

from concurrency.api import apply_concurrency_check, concurrency_disable_increment, disable_concurrency, is_changed
from concurrency.compat import concurrency_param_name
from concurrency.config import CONCURRENCY_LIST_EDITABLE_POLICY_ABORT_ALL, CONCURRENCY_LIST_EDITABLE_POLICY_SILENT
from concurrency.exceptions import RecordModifiedError, VersionError
from concurrency.fields import AutoIncVersionField
from concurrency.triggers import PostgreSQL, factory
from django.contrib.admin import site
from django.contrib.auth.models import Group, User
from django.core import serializers
from django.core.management import call_command
from django.core.signals import got_request_exception
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F
from django.test import Client
from django.test.utils import setup_test_environment
from ool import ConcurrentUpdate

from cases import GONE, Said, attempt, write_by_tool
from paper.models import Paper
from wiki.models import Doc, Memo, Note, Page, expect, not_counting, overwriting, tell

MINE, FIRST, SECOND, TOOL = ({"body": body} for body in ("mine", "first", "second", "by a tool"))
SEEN = {"seen": 1}
attached = os.environ["CASES_MODE"] == "attached"


def check(case, write, row, mine, theirs=None):
    attempt(case, write, (row._meta.db_table, row.pk or (lambda: row.pk)), mine, theirs,
            (RecordModifiedError, VersionError, DatabaseError, ConcurrentUpdate))


def save(row, update_fields=None, **changes):
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=update_fields)


def this(row):
    return type(row).objects.filter(pk=row.pk)


def read(row):
    """The row as another writer reads it."""
    return this(row).get()


def as_read(row):
    return this(row).filter(version=row.version)


def inside(context, write):
    with context:
        write()


def expecting(row, write):
    """Write, and say first which version was read."""
    with transaction.atomic():
        expect(row)
        write()


def fresh(model):
    return read(model.objects.create(**({"name": "draft"} if model is Group else {"body": "draft"})))


def stale(model, saves=1):
    """A row as it was read before somebody else saved it."""
    row = fresh(model)
    for _ in range(saves - 1):
        save(read(row), body="earlier")
    save(read(row), **FIRST)
    return row


def stale_by_tool(model):
    """A row as it was read before a tool wrote it."""
    row = fresh(model)
    write_by_tool(model._meta.db_table, row.pk)
    return row


def run(command, *arguments):
    said = StringIO()
    call_command(command, *arguments, stdout=said, stderr=said)
    return said.getvalue()


# the tables, and what keeps their versions
call_command("migrate", verbosity=0)
MEMO_TRIGGER = "concurrency_wiki_memo_version"
memo_field = Memo._meta.get_field("version")
assert MEMO_TRIGGER in run("triggers", "list"), run("triggers", "list")
if attached:
    # a trigger that was there before the factory was told is replaced
    triggers, own = factory(connection), PostgreSQL(connection)
    triggers.drop(memo_field)
    assert "Missed trigger" in run("check"), run("check")           # concurrency.W001
    own.create(memo_field)
    assert MEMO_TRIGGER not in triggers.get_list(), triggers.get_list()
    Memo._concurrencymeta.triggers.clear()      # as in another process
    assert MEMO_TRIGGER in run("triggers", "create")
    assert MEMO_TRIGGER in triggers.get_list(), triggers.get_list()
    assert "Missed trigger" not in run("check"), run("check")
    with connection.cursor() as cursor:
        cursor.execute("SELECT problem FROM concurrency.audit() WHERE severity = 'error'")
        assert not cursor.fetchall()
        cursor.execute("DROP FUNCTION func_concurrency_wiki_memo_version()")    # nothing needs it any more
    tell("attach", "wiki_memo")         # options may follow: the trigger stays the factory's
    assert triggers.get_list().count(MEMO_TRIGGER) == 1, triggers.get_list()
else:
    with connection.cursor() as cursor:
        cursor.execute("SELECT concurrency.detach(table_name, column_name) FROM concurrency.attachments")

for model in Doc, Page, Memo, Note:
    field = model._concurrencymeta.field
    kind, table = type(field).__name__, model._meta.db_table

    def case(case, write, mine, theirs=None):
        check(f"{kind}: {case}", write, row, mine, theirs)

    row = model(**MINE)
    case("create", row.save, MINE)
    row = fresh(model)
    case("read", row.refresh_from_db, {"body": row.body, "version": row.version})
    case("fresh update", lambda: save(row, **FIRST), FIRST)
    case("second fresh update", lambda: save(row, **SECOND), SECOND)
    assert row.version == read(row).version and not is_changed(row)
    row = stale(model)
    assert is_changed(row)
    case("stale update", lambda: save(row, **SECOND), SECOND, FIRST)
    row = stale_by_tool(model)
    case("stale update after a blind one", lambda: save(row, **SECOND), SECOND, TOOL)
    row = read(stale_by_tool(model))
    case("fresh update after a blind one", lambda: save(row, **FIRST), FIRST)
    case("second fresh update after a blind one", lambda: save(row, **SECOND), SECOND)
    row = stale(model)
    case("stale save(update_fields) without the version", lambda: save(row, ["body"], **SECOND), SECOND, FIRST)
    row = fresh(model)
    save(row, ["body"], **FIRST)
    case("fresh save() after one's own save(update_fields)", lambda: save(row, **SECOND), SECOND)
    row = fresh(model)
    save(read(row), ["body"], **FIRST)
    case("stale update after somebody's save(update_fields)", lambda: save(row, **SECOND), SECOND, FIRST)
    row = fresh(model)
    save(read(row), ["body", "version"], **FIRST)
    case("stale update after somebody's save(update_fields) with the version", lambda: save(row, **SECOND),
         SECOND, FIRST)
    row = fresh(model)
    this(row).update(**FIRST)
    case("stale update after somebody's update()", lambda: save(row, **SECOND), SECOND, FIRST)
    row = stale(model)
    case("update(), blind", lambda: this(row).update(**SECOND), SECOND, FIRST)
    row = stale(model)
    case("update() of the version that was read: stale", lambda: this(row).update(version=row.version, **SECOND),
         SECOND, FIRST)
    row = stale(model)
    case("update() where version is as read: stale", lambda: as_read(row).update(version=F("version") + 1, **SECOND),
         SECOND, FIRST)
    row = stale(model)
    case("disable_concurrency: stale update, one write late",
         lambda: inside(disable_concurrency(row), lambda: save(row, **SECOND)), SECOND, FIRST)
    row = stale(model, 2)
    case("disable_concurrency: stale update, two writes late",
         lambda: inside(disable_concurrency(row), lambda: save(row, **SECOND)), SECOND, FIRST)
    row = fresh(model)
    this(row).update(**FIRST)
    write_by_tool(table, row.pk)
    case("disable_concurrency: stale update after two blind ones",
         lambda: inside(disable_concurrency(model), lambda: save(row, **SECOND)), SECOND, TOOL)
    if attached:
        row = stale(model, 2)
        case("disable_concurrency and skip_check: overwritten knowingly",
             lambda: inside(overwriting(model), lambda: save(row, **SECOND)), SECOND)
        row = read(row)
        case("fresh update after that, read back", lambda: save(row, **FIRST), FIRST)
    row = fresh(model)
    read(row).delete()
    case("save() of a row that is deleted", lambda: save(row, **SECOND), SECOND, GONE)
    row = fresh(model)
    case("fresh delete", lambda: row.delete()[0], GONE)
    row = stale(model)
    case("stale delete", lambda: row.delete()[0], GONE, FIRST)
    row = fresh(model)
    save(row, **FIRST)
    case("concurrency_disable_increment: fresh update",
         lambda: inside(concurrency_disable_increment(row), lambda: save(row, **SECOND)), SECOND)
    case("fresh save() after that", lambda: save(row, **MINE), MINE)
    if attached:
        row = fresh(model)
        save(row, **FIRST)
        case("concurrency_disable_increment and skip_bump: fresh update",
             lambda: inside(not_counting(row), lambda: save(row, **SECOND)), SECOND)
        row._concurrency_disabled = False       # which django-concurrency forgets
        case("fresh save() after that, too", lambda: save(row, **MINE), MINE)
    row = model(pk=10 ** 6, version=77, **MINE)
    dump = serializers.serialize("json", [row])
    case("loaddata", lambda: [row.save() for row in serializers.deserialize("json", dump)] and None,
         {"version": 77})
    row = read(row)
    case("fresh update of what was loaded", lambda: save(row, **SECOND), SECOND)


# what a ConditionalVersionField does not count, a trigger with ignore or watch does not, either
for how, check_fields, ignore_fields, options in (
        ("ignore_fields", None, ["seen", "version"], ("ignore", "seen")),
        ("check_fields", ["title", "body"], None, ("watch", "title,body")),
        ("neither", None, None, ("watch", "*"))):
    Note._concurrencymeta.check_fields, Note._concurrencymeta.ignore_fields = check_fields, ignore_fields
    if attached:
        with connection.cursor() as cursor:
            cursor.execute("SELECT concurrency.attach('wiki_note', ignore => '', watch => '')")
            cursor.execute(f"SELECT concurrency.attach('wiki_note', {options[0]} => %s)", [options[1]])

    def case(case, write, mine, theirs=None):
        check(f"ConditionalVersionField, {how}: {case}", write, row, mine, theirs)

    row = fresh(Note)
    other = read(row)
    save(other, **SEEN)
    case("update after one of a field that does not count", lambda: save(row, **MINE), MINE,
         None if how != "neither" else SEEN)
    assert how == "neither" or row.version == other.version + 1 == read(row).version
    row = fresh(Note)
    case("fresh update of a field that does not count", lambda: save(row, **SEEN), SEEN)
    case("second fresh update", lambda: save(row, **MINE), MINE)
    row = fresh(Note)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE wiki_note SET seen = 1 WHERE id = %s", [row.pk])
    case("update after a tool's of a field that does not count", lambda: save(row, **MINE), MINE,
         None if how != "neither" else SEEN)
    row = stale_by_tool(Note)
    case("stale update after a blind one", lambda: save(row, **SECOND), SECOND, TOOL)
    row = stale(Note)
    case("stale update of a field that does not count", lambda: save(row, **SEEN), SEEN, FIRST | {"seen": 0})
    row = fresh(Note)
    case("save() of what nobody changed", lambda: save(row), {"body": "draft"})
    case("fresh update after that", lambda: save(row, **MINE), MINE)


# whosever model it is
apply_concurrency_check(Group, "version", AutoIncVersionField)
with connection.cursor() as cursor:
    if attached:
        cursor.execute("SELECT concurrency.attach('auth_group')")
    else:
        cursor.execute("ALTER TABLE auth_group ADD version bigint NOT NULL DEFAULT 1")
row = fresh(Group)
save(read(row), name="first")
check("apply_concurrency_check: stale update", lambda: save(row, name="second"), row, {"name": "second"},
      {"name": "first"})
with connection.cursor() as cursor:
    row = read(row)
    cursor.execute("UPDATE auth_group SET name = 'by a tool'")
check("apply_concurrency_check: stale update after a blind one", lambda: save(row, name="second"), row,
      {"name": "second"}, {"name": "by a tool"})

if attached:
    row = fresh(Doc)
    check("fresh delete, by expect()", lambda: expecting(row, row.delete), row, GONE)
    row = stale(Doc)
    check("stale delete, by expect()", lambda: expecting(row, row.delete), row, GONE, FIRST)
    row = stale(Doc)
    check("update(), by expect(): stale", lambda: expecting(row, lambda: this(row).update(**SECOND)), row,
          SECOND, FIRST)

    # options
    def attach_doc(option, value):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT concurrency.attach('wiki_doc', {option} => %s)", [value])

    attach_doc("protocol", "increment")
    row = fresh(Doc)
    check("AutoIncVersionField, protocol => 'increment': fresh update", lambda: save(row, **FIRST), row, FIRST)
    row = stale(Doc)
    check("AutoIncVersionField, protocol => 'increment': stale update in disable_concurrency",
          lambda: inside(disable_concurrency(), lambda: save(row, **SECOND)), row, SECOND, FIRST)
    attach_doc("protocol", "")
    attach_doc("blind", "reject")
    row = fresh(Doc)
    check("AutoIncVersionField, blind => 'reject': fresh update", lambda: save(row, **FIRST), row, FIRST)
    row = fresh(Doc)
    check("AutoIncVersionField, blind => 'reject': save(update_fields) without the version",
          lambda: save(row, ["body"], **SECOND), row, SECOND, {"body": "draft"})
    check("AutoIncVersionField, blind => 'reject': update()", lambda: this(row).update(**SECOND), row,
          SECOND, {"body": "draft"})
    attach_doc("blind", "")
    attach_doc("on_conflict", "skip")
    row = stale(Doc, 2)


    def save_unchecked():
        try:
            inside(disable_concurrency(row), lambda: save(row, **SECOND))
        except IntegrityError:      # no row was updated, so Django inserts it
            raise Said("django.db.utils.IntegrityError")

    check("AutoIncVersionField, on_conflict => 'skip': stale update in disable_concurrency", save_unchecked, row,
          SECOND, FIRST)
    attach_doc("on_conflict", "")


# the admin, as a browser that shows its pages to one person
class AdminPage:
    def __init__(self, url):
        self.url = url
        context = client.get(url).context
        self.data = {"_save": "Save"}
        if "cl" in context:
            formset = context["cl"].formset
            form = formset.management_form
            self.add_fields(form)
            self.data |= {f"{concurrency_param_name}_{pk}": version for pk, version in form._versions}
            assert int(self.data["form-TOTAL_FORMS"]) == len(form._versions) > 0
            forms = formset.forms
        else:
            forms = [context["adminform"].form]
        for form in forms:
            self.add_fields(form)

    def add_fields(self, form):
        values = {form.add_prefix(name): form[name].value() for name in form.fields}
        self.data |= {name: "" if value is None else str(value) for name, value in values.items()}

    def submit(self, **changes):
        """What the page says in return, if it refuses."""
        return answer(client.post(self.url, self.data | changes, follow=True))


def answer(response):
    if response.status_code == 409:
        error = errors.pop()
        assert b"Somebody else has saved meanwhile" in response.content, response.content
        raise error
    if response.status_code == 400:
        return ["HTTP 400"]
    if response.redirect_chain:
        return [str(message) for message in response.context["messages"] if message.level_tag != "success"]
    assert response.status_code == 200, response.content
    if not response.context:
        return []
    form = response.context["adminform"].form
    assert form.errors, response.content
    return [message for messages in form.errors.values() for message in messages]


def saying(write, row):
    """Write; whatever the page answers but that all is well, is a refusal."""
    said = write()
    if said:
        raise Said(" ".join(said).replace(f"`{row.pk}`", "…"))


errors = []
got_request_exception.connect(lambda **_: errors.append(sys.exc_info()[1]), weak=False)
setup_test_environment()
client = Client()
client.force_login(User.objects.create_superuser("admin"))

for model in Doc, Memo:
    kind, admin = type(model._concurrencymeta.field).__name__, site._registry[model]
    base = f"/admin/wiki/{model._meta.model_name}/"

    def one(row):
        return AdminPage(f"{base}{row.pk}/change/")

    def several(*rows):
        return AdminPage(f"{base}?id__in=" + ",".join(str(row.pk) for row in rows))

    def case(case, write, mine, theirs=None, of=None):
        row_ = of or row
        check(f"admin, {kind}: {case}", lambda: saying(write, row_), row_, mine, theirs)

    row = fresh(model)
    page = one(row)
    case("one row: fresh update", lambda: page.submit(body="mine"), MINE)
    row = fresh(model)
    page = one(row)
    one(row).submit(body="first")
    case("one row: stale update", lambda: page.submit(body="second"), SECOND, FIRST)
    row = fresh(model)
    page = one(row)
    write_by_tool(model._meta.db_table, row.pk)
    case("one row: stale update after a blind one", lambda: page.submit(body="second"), SECOND, TOOL)
    row = fresh(model)
    page = one(row)
    case("one row: version tampered with", lambda: page.submit(version="1:forged", body="second"), SECOND,
         {"body": "draft"})
    row, other = fresh(model), fresh(model)
    page = several(row, other)
    case("list: fresh update", lambda: page.submit(**{"form-1-body": "mine"}), MINE)
    row, other = fresh(model), fresh(model)
    page = several(row, other)
    several(row, other).submit(**{"form-1-body": "first"})
    case("list: stale update", lambda: page.submit(**{"form-1-body": "second"}), SECOND, FIRST)
    row, other = fresh(model), fresh(model)
    page = several(row, other)
    several(row, other).submit(**{"form-1-body": "first"})
    case("list: a fresh row beside a stale one",
         lambda: page.submit(**{"form-0-body": "mine", "form-1-body": "second"}) and None, MINE, of=other)
    assert not attached or read(row).body == "first"
    row, other = fresh(model), fresh(model)
    page = several(row, other)
    several(row, other).submit(**{"form-1-body": "first"})
    case("list: the row that nobody edited is stale", lambda: page.submit(**{"form-0-body": "mine"}), FIRST)
    row, other = fresh(model), fresh(model)
    page = several(row, other)
    write_by_tool(model._meta.db_table, row.pk)
    case("list: stale update after a blind one", lambda: page.submit(**{"form-1-body": "second"}), SECOND, TOOL)
    admin.list_editable_policy = CONCURRENCY_LIST_EDITABLE_POLICY_ABORT_ALL
    row, other = fresh(model), fresh(model)
    page = several(row, other)
    several(row, other).submit(**{"form-1-body": "first"})
    case("list, aborting all: stale update, HTTP 409",
         lambda: page.submit(**{"form-0-body": "mine", "form-1-body": "second"}), SECOND, FIRST)
    assert read(other).body == "draft"
    admin.list_editable_policy = CONCURRENCY_LIST_EDITABLE_POLICY_SILENT

    def delete(row, selected, **more):
        return answer(client.post(base, {"action": "delete_selected", "_selected_action": selected} | more,
                                  follow=True))

    row = fresh(model)
    case("action that deletes: fresh", lambda: delete(row, f"{row.pk},{row.version}", post="yes"), GONE)
    row = stale(model)
    case("action that deletes: stale", lambda: delete(row, f"{row.pk},{row.version}", post="yes"), GONE, FIRST)
    row = stale_by_tool(model)
    case("action that deletes: stale after a blind write", lambda: delete(row, f"{row.pk},{row.version}", post="yes"),
         GONE, TOOL)
    row = stale(model)
    case("button that deletes: stale",
         lambda: answer(client.post(f"{base}{row.pk}/delete/", {"post": "yes"}, follow=True)), GONE, FIRST)

row = stale(Doc)
form = {"body": "second", "version": row.version}
check("a view's update() of the version in its form: stale, HTTP 409",
      lambda: answer(client.post(f"/put/{row.pk}", form, follow=True)), row, SECOND, FIRST)

# django-optimistic-lock
def paper(case, write, mine, theirs=None):
    check(f"django-optimistic-lock: {case}", write, row, mine, theirs)


row = Paper(**MINE)
paper("create", row.save, MINE)
row = fresh(Paper)
paper("fresh update", lambda: save(row, **FIRST), FIRST)
paper("second fresh update", lambda: save(row, **SECOND), SECOND)
row = stale(Paper)
paper("stale update", lambda: save(row, **SECOND), SECOND, FIRST)
row = stale_by_tool(Paper)
paper("stale update after a blind one", lambda: save(row, **SECOND), SECOND, TOOL)
row = fresh(Paper)
save(row, ["body"], **FIRST)
paper("fresh save() after one's own save(update_fields)", lambda: save(row, **SECOND), SECOND)
row = fresh(Paper)
save(read(row), ["body"], **FIRST)
paper("stale update after somebody's save(update_fields)", lambda: save(row, **SECOND), SECOND, FIRST)

if attached:
    assert MEMO_TRIGGER in run("triggers", "drop"), "the package drops its trigger"
    assert MEMO_TRIGGER not in run("triggers", "list"), run("triggers", "list")
