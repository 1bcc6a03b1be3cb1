"""A form, saved by SQLAlchemy: the version goes out in it, and comes back."""

from flask import Flask, abort, redirect, render_template_string, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from model import Doc, engine, is_stale

app = Flask(__name__)
FIELDS = "title", "body"

FORM = """<!doctype html>
{% if mine %}
<p>Somebody else has saved meanwhile. What only one of you has changed is put together below; please decide the rest.</p>
<table>
  <tr><th></th><th>yours</th><th>there now</th><th>before</th></tr>
  {% for name in base %}
  <tr data-field="{{ name }}" {{ "data-conflict" if name in both }}>
    <th>{{ name }}{{ ": please decide" if name in both }}</th>
    <td class="mine">{{ mine[name] }}</td><td class="theirs">{{ theirs[name] }}</td><td class="base">{{ base[name] }}</td>
  </tr>
  {% endfor %}
</table>
{% endif %}
<form method="post" action="/docs/{{ doc.id }}">
  <input type="hidden" name="version" value="{{ doc.version }}">
  {% for name, value in values.items() %}
  <p>{{ name }} <input name="{{ name }}" value="{{ value }}"></p>
  <input type="hidden" name="base_{{ name }}" value="{{ theirs[name] }}">
  {% endfor %}
  <button>Save</button>
</form>
"""
GONE = """<!doctype html>
<p>Somebody else has deleted this meanwhile. What you wrote:</p>
{% for name, value in mine.items() %}<p>{{ name }}: {{ value }}</p>{% endfor %}
"""


def values_of(doc):
    return {name: getattr(doc, name) or "" for name in FIELDS}


def merge(base, mine, theirs):
    """What to put into the form, and the fields that both have changed."""
    merged = {name: theirs[name] if mine[name] == base[name] else mine[name] for name in base}
    both = {name for name in base if len({base[name], mine[name], theirs[name]}) == 3}
    return merged, both


@app.get("/docs/<int:id>/edit")
def edit(id):
    with Session(engine) as session:
        doc = session.get(Doc, id) or abort(404)
        return render_template_string(FORM, doc=doc, values=values_of(doc), theirs=values_of(doc))


@app.post("/docs/<int:id>")
def save(id):
    try:
        with Session(engine) as session, session.begin():
            doc = session.get(Doc, id)
            if not doc:
                return conflict(id)
            for name in FIELDS:
                setattr(doc, name, request.form[name])
            set_committed_value(doc, "version", int(request.form["version"]))   # as if it had just been read
    except (StaleDataError, DBAPIError) as error:
        if not is_stale(error):
            raise
        return conflict(id, "client" if isinstance(error, StaleDataError) else "server")
    return redirect(f"/docs/{id}/edit", 303)


def conflict(id, refused_by=None):
    """What was written, beside what is there now; or that nothing is."""
    mine = {name: request.form[name] for name in FIELDS}
    with Session(engine) as session:
        doc = session.get(Doc, id)
        if not doc:
            return render_template_string(GONE, mine=mine), 410
        base, theirs = {name: request.form[f"base_{name}"] for name in FIELDS}, values_of(doc)
        merged, both = merge(base, mine, theirs)
        page = render_template_string(FORM, doc=doc, values=merged, base=base, mine=mine, theirs=theirs, both=both)
        return page, 409, {"X-Refused-By": refused_by}


@app.post("/docs/<int:id>/wrong")
def save_wrong(id):
    """Wrong, and usual: the row is read again, with its version, which fits."""
    with Session(engine) as session, session.begin():
        doc = session.get(Doc, id)
        for name in FIELDS:
            setattr(doc, name, request.form[name])
    return redirect(f"/docs/{id}/edit", 303)
