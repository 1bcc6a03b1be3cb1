"""What becomes of SQLAlchemy's writes."""

import os

import sqlalchemy
from sqlalchemy import update
from sqlalchemy.orm import sessionmaker
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import NullPool

from album import models
from cases import GONE, attempt, new_row, query, write_by_tool
from groups import ProductPrice, ProductText
from model import Doc, Note, Page, compare, expect, is_stale, upsert
from model import engine as pooled

MINE, FIRST, SECOND, TOOL, BOTH = (
    {"body": body} for body in ("mine", "first", "second", "by a tool", "first and second"))

# Whoever is refused may keep a session open: there are more of them than connections in a pool.
engine = sqlalchemy.create_engine(pooled.url, poolclass=NullPool, future=True)
# Without expire_on_commit, SQLAlchemy goes on with the version that it has in memory.
Session = sessionmaker(engine, expire_on_commit=False, future=True)


class Writer:
    """Somebody who has read a row, and writes it in a session of one's own."""

    def __init__(self, model, key):
        self.model, self.key = model, key
        self.session = Session()
        self.row = self.session.get(model, key)
        self.session.commit()

    def attempt(self, case, write, mine, theirs=None):
        attempt(case, write, (self.model.__table__.name, self.key), mine, theirs, StaleDataError)

    def values(self, **changes):
        """The whole row, as it was read, with changes."""
        return {column.key: getattr(self.row, column.key) for column in self.model.__table__.columns} | changes

    def save(self, **changes):
        for name, value in changes.items():
            setattr(self.row, name, value)
        self.session.commit()

    def read_again(self):
        """Have the row as it is now; the version that it was read at before."""
        version = self.row.version
        self.session.refresh(self.row)
        return version

    def delete(self):
        self.session.delete(self.row)
        self.session.commit()

    def is_as_read(self):
        return self.model.version == self.row.version

    def query(self, *conditions):
        return self.session.query(self.model).filter(self.model.id == self.key, *conditions)

    def update_by_query(self, changes, *conditions):
        rows = self.query(*conditions).update(changes)
        self.session.commit()
        return rows

    def delete_by_query(self, *conditions):
        rows = self.query(*conditions).delete()
        self.session.commit()
        return rows

    def execute(self, *statements):
        """Run statements in a transaction; the number of rows that the last one wrote."""
        results = [self.session.execute(statement) for statement in statements]
        self.session.commit()
        return results[-1].rowcount

    def update_row(self, **changes):
        """Core: what a generic editor sends, the whole row with the version that it has read."""
        return self.execute(update(Note.__table__).where(Note.id == self.key).values(self.values(**changes)))

    def upsert(self, **changes):
        return self.execute(upsert(Note, **self.values(**changes)))

    def merge(self, write, **changes):
        """Write, and if somebody else's text is there by now, both."""
        try:
            write(**changes)
        except Exception as error:
            if not is_stale(error):
                raise
            differences = compare(self.session, self.row, changes)
            write(**{name: f"{now} and {mine}" for name, (now, mine) in differences.items()})


def fresh(model):
    return Writer(model, new_row(model.__tablename__))


def stale(model):
    """A writer whose row somebody else has saved since it was read."""
    second = fresh(model)
    Writer(model, second.key).save(**FIRST)
    return second


def stale_by_tool(model):
    """A writer whose row a tool has written meanwhile."""
    second = fresh(model)
    write_by_tool(model.__tablename__, second.key)
    return second


def create(row):
    with Session() as session:
        session.add(row)
        session.commit()


for who, model in ("SQLAlchemy counts", Doc), ("server counts", Page):
    row = model(**MINE)
    attempt(f"{who}: create", lambda: create(row), (model.__tablename__, lambda: row.id), MINE)
    writer = fresh(model)
    writer.attempt(f"{who}: read", lambda: writer.session.refresh(writer.row), writer.values())
    writer.attempt(f"{who}: fresh update", lambda: writer.save(**FIRST), FIRST)
    writer.attempt(f"{who}: second fresh update", lambda: writer.save(**SECOND), SECOND)
    writer = stale(model)
    writer.attempt(f"{who}: stale update", lambda: writer.save(**SECOND), SECOND, FIRST)
    writer = stale_by_tool(model)
    writer.attempt(f"{who}: stale update after a blind one", lambda: writer.save(**SECOND), SECOND, TOOL)
    writer = stale(model)
    version = writer.read_again()
    writer.attempt(f"{who}: stale version set on a row just read", lambda: writer.save(version=version, **SECOND),
                   SECOND, FIRST)
    writer = stale(model)
    set_committed_value(writer.row, "version", writer.read_again())
    writer.attempt(f"{who}: stale version set by set_committed_value", lambda: writer.save(**SECOND), SECOND, FIRST)
    writer = stale(model)
    writer.attempt(f"{who}: query.update(), blind", lambda: writer.update_by_query(SECOND), SECOND, FIRST)
    writer = fresh(model)
    writer.update_by_query(FIRST)
    # SQLAlchemy 2 has its rows follow, by RETURNING, where the server counts
    since = "" if model is Doc else ", since SQLAlchemy 2" if sqlalchemy.__version__ >= "2" else ", before SQLAlchemy 2"
    writer.attempt(f"{who}: fresh update after one's own query.update(){since}", lambda: writer.save(**SECOND), SECOND)
    writer = fresh(model)
    writer.attempt(f"{who}: fresh delete", writer.delete, GONE)
    writer = stale(model)
    writer.attempt(f"{who}: stale delete", writer.delete, GONE, FIRST)

writer = stale(Doc)
writer.attempt("SQLAlchemy counts: stale update, then merged", lambda: writer.merge(writer.save, **SECOND), None, BOTH)

# the model without version_id_col
writer = stale(Note)
writer.attempt("plain model: stale update, blind", lambda: writer.save(**SECOND), SECOND, FIRST)
for what, write in ("whole row by Core", Writer.update_row), ("upsert with excluded.version", Writer.upsert):
    writer = fresh(Note)
    writer.attempt(f"{what}: fresh update", lambda: write(writer, **FIRST), FIRST)
    writer.attempt(f"{what}: second fresh update, not read back", lambda: write(writer, **SECOND), SECOND)
    writer = fresh(Note)
    write(writer, **FIRST)
    writer.session.refresh(writer.row)
    writer.attempt(f"{what}: second fresh update, read back", lambda: write(writer, **SECOND), SECOND)
    writer = stale(Note)
    writer.attempt(f"{what}: stale update", lambda: write(writer, **SECOND), SECOND, FIRST)
    writer = stale_by_tool(Note)
    writer.attempt(f"{what}: stale update after a blind one", lambda: write(writer, **SECOND), SECOND, TOOL)
    writer = stale(Note)
    writer.attempt(f"{what}: stale update, then merged",
                   lambda: writer.merge(lambda **values: write(writer, **values), **SECOND), None, BOTH)
writer = stale(Note)
writer.attempt("upsert without the version, blind",
               lambda: writer.execute(upsert(Note, id=writer.key, **SECOND)), SECOND, FIRST)

writer = stale(Note)
writer.attempt("query.update() where version is as read: stale",
               lambda: writer.update_by_query(SECOND, writer.is_as_read()), SECOND, FIRST)
writer = stale(Note)
writer.attempt("query.update() of version + 1, at any version: stale",
               lambda: writer.update_by_query(SECOND | {"version": Note.version + 1}), SECOND, FIRST)
writer = stale(Note)
writer.attempt("query.delete() where version is as read: stale",
               lambda: writer.delete_by_query(writer.is_as_read()), GONE, FIRST)
writer = stale(Note)
writer.attempt("plain model: stale delete", writer.delete, GONE, FIRST)

if os.environ["CASES_MODE"] == "attached":
    def expecting(write):
        """Write, and say first which version was read."""
        writer.session.execute(expect(Note, writer.row.version))
        write()

    writer = fresh(Note)
    writer.attempt("plain model: fresh update, by expect()", lambda: expecting(lambda: writer.save(**MINE)), MINE)
    writer = stale(Note)
    writer.attempt("plain model: stale update, by expect()", lambda: expecting(lambda: writer.save(**SECOND)),
                   SECOND, FIRST)
    writer = stale(Note)
    writer.attempt("plain model: stale delete, by expect()", lambda: expecting(writer.delete), GONE, FIRST)


# post_update: a new row is written once more in the same flush
def album(model, picture, between=lambda session, row: None, after=lambda session, row: None, **options):
    """A new album with a cover: the row, and its session."""
    session = sessionmaker(engine, future=True, **{"expire_on_commit": False, **options})()
    row, cover = model(body="draft"), picture()
    row.pictures = [cover]
    session.add(row)
    between(session, row)
    row.cover = cover
    session.flush()
    after(session, row)
    session.commit()
    return session, row


def reread(session, row):
    session.refresh(row, ["version"])


def flush(session, row):
    session.flush()


def attempt_album(case, session, row, **changes):
    def write():
        for name, value in changes.items():
            setattr(row, name, value)
        session.commit()

    values = {name: value for name, value in changes.items() if name == "body"}
    attempt(case, write, ("album", row.id), values, None, StaleDataError)


for who, mapper_args in (("SQLAlchemy counts", {}),
                         ("server counts", {"version_id_generator": False, "eager_defaults": True})):
    Album, Picture = models(**mapper_args)
    row = Album(body="mine")
    row.pictures = [Picture()]
    row.cover = row.pictures[0]
    attempt(f"{who}, post_update: create", lambda: create(row), ("album", lambda: row.id), MINE)
    for how, session, row in (
            ("", *album(Album, Picture)),
            (", expire_on_commit", *album(Album, Picture, expire_on_commit=True)),
            (", version read back", *album(Album, Picture, after=reread)),
            (", flushed between", *album(Album, Picture, between=flush))):
        attempt_album(f"{who}, post_update: fresh update after it{how}", session, row, **MINE)
    session, row = album(Album, Picture, after=reread)
    attempt_album(f"{who}, post_update: fresh update of a row and its relationship", session, row, cover=None, **MINE)
    attempt_album(f"{who}, post_update: second fresh update after it", session, row, **SECOND)
    session, row = album(Album, Picture, after=reread)
    attempt_album(f"{who}, post_update: fresh update of a relationship alone", session, row, cover=None)
    attempt_album(f"{who}, post_update: fresh update after that", session, row, **MINE)
    session, row = album(Album, Picture, after=reread)
    write_by_tool("album", row.id)
    row.cover = None
    attempt(f"{who}, post_update: stale update of a relationship alone", session.commit, ("album", row.id),
            {"cover": None}, {"cover": row.pictures[0].id}, StaleDataError)
    if os.environ["CASES_MODE"] == "attached":
        query("SELECT concurrency.attach('album', ignore => 'cover')")
        case = f"{who}, post_update, ignore => 'cover'"
        session, row = album(Album, Picture)
        attempt_album(f"{case}: fresh update after it", session, row, **MINE)
        attempt_album(f"{case}: fresh update of a relationship alone", session, row, cover=None)
        attempt_album(f"{case}: fresh update after that", session, row, **SECOND)
        query("SELECT concurrency.attach('album', ignore => '')")


# field groups: one table, two classes, each with a version of its own
def read_product():
    """A product as two people have read it: one edits its text, the other its price."""
    key = new_row("product")
    return Writer(ProductText, key), Writer(ProductPrice, key)


text, price = read_product()
text.attempt("field groups: fresh update of the text", lambda: text.save(body="mine"), MINE)
price.attempt("field groups: update of the price that was read before", lambda: price.save(price=12), {"price": 12} | MINE)
text.attempt("field groups: second update of the text", lambda: text.save(body="second"), {"price": 12} | SECOND)
text, price = read_product()
Writer(ProductText, text.key).save(**FIRST)
text.attempt("field groups: stale update of the text", lambda: text.save(**SECOND), SECOND, FIRST)
text, price = read_product()
Writer(ProductPrice, text.key).save(price=12)
price.attempt("field groups: stale update of the price", lambda: price.save(price=15), {"price": 15}, {"price": 12})
text, price = read_product()
write_by_tool("product", text.key)
price.attempt("field groups: update of the price after a blind one of the text", lambda: price.save(price=12),
              {"price": 12} | TOOL)
text.attempt("field groups: stale update of the text after a blind one", lambda: text.save(**SECOND), SECOND, TOOL)

# a form that has both groups in it: two objects, one transaction
both = read_product()[0]
prices = both.session.get(ProductPrice, both.key)
both.session.commit()
Writer(ProductPrice, both.key).save(price=12)
prices.price = 15
both.attempt("field groups: update of both, one of them stale", lambda: both.save(**MINE), {"price": 15} | MINE,
             {"price": 12, "body": "draft"})
