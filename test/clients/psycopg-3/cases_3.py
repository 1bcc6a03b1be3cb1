"""What becomes of psycopg 3's writes."""

import asyncio
import os

import psycopg

import doc
from cases import GONE, attempt, new_row, write_by_tool

MINE, FIRST, SECOND, TOOL, DRAFT = ({"body": body} for body in ("mine", "first", "second", "by a tool", "draft"))
BLIND = "UPDATE doc SET body = %(body)s WHERE id = %(id)s"
attached = os.environ["CASES_MODE"] == "attached"
connection = psycopg.connect("", autocommit=True)
loop = asyncio.new_event_loop()
connection_async = loop.run_until_complete(psycopg.AsyncConnection.connect("", autocommit=True))


def save_async(row):
    return loop.run_until_complete(doc.save_async(connection_async, row))


def check(case, write, row, mine, theirs=None):
    """The write says whether it has found its row, or what it was refused for."""
    attempt(case, lambda: int(write() is not False), ("doc", row["id"]), mine, theirs)


def fresh():
    return doc.read(connection, new_row("doc"))


def stale():
    """A row as it was read before somebody else saved it."""
    row = fresh()
    doc.save(connection, row | FIRST)
    return row


def stale_by_tool():
    row = fresh()
    write_by_tool("doc", row["id"])
    return row


def change(row, **changes):
    row.update(changes)
    return row


for how, save in ("sync", lambda row: doc.save(connection, row)), ("async", save_async):
    row = fresh()
    check(f"{how}: fresh update", lambda: save(change(row, **FIRST)), row, FIRST)
    check(f"{how}: second fresh update", lambda: save(change(row, **SECOND)), row, SECOND)
    row = stale()
    check(f"{how}: stale update", lambda: save(row | SECOND), row, SECOND, FIRST)
    row = stale_by_tool()
    check(f"{how}: stale update after a blind one", lambda: save(row | SECOND), row, SECOND, TOOL)
    row = doc.read(connection, row["id"])
    check(f"{how}: fresh update after a refusal", lambda: save(row | MINE), row, MINE)

row = stale()
check("blind update", lambda: connection.execute(BLIND, row | SECOND), row, SECOND, FIRST)
if attached:
    connection.execute("SET concurrency.blind_writes = 'reject'")
    row = fresh()
    check("blind update, where that is rejected", lambda: connection.execute(BLIND, row | MINE), row, MINE, DRAFT)
    connection.execute("RESET concurrency.blind_writes")
row = stale()
check("prepared: stale update", lambda: connection.execute(doc.SAVE, row | SECOND, prepare=True), row, SECOND, FIRST)
row = stale()
with psycopg.ClientCursor(connection) as cursor:
    check("ClientCursor: stale update", lambda: cursor.execute(doc.SAVE, row | SECOND), row, SECOND, FIRST)
row, other = stale(), fresh()
check("executemany: a fresh update beside a stale one",
      lambda: connection.cursor().executemany(doc.SAVE, [other | MINE, row | SECOND]), other, MINE,
      DRAFT if attached else None)



def save_both(first, second):
    """Save both in a transaction, each in a block of its own; the error of the first, if it is stale."""
    refusal = None
    with connection.transaction():
        try:
            doc.save(connection, first)
        except psycopg.Error as error:
            refusal = error
        doc.save(connection, second)
    if refusal:
        raise refusal


row, other = stale(), fresh()
check("transaction() in a transaction: stale update", lambda: save_both(row | SECOND, other | MINE), row, SECOND, FIRST)
check("transaction() in a transaction: a fresh update behind it", lambda: None, other, MINE)
if attached:
    row = fresh()
    check("fresh delete, by expect()", lambda: doc.delete(connection, row), row, GONE)
    row = stale()
    check("stale delete, by expect()", lambda: doc.delete(connection, row), row, GONE, FIRST)
row = stale()
check("stale delete", lambda: connection.execute(doc.DELETE, row), row, GONE, FIRST)


# a pipeline: the error comes when the result is fetched, or at the end
def in_pipeline(*rows, fetch=None):
    with connection.pipeline():
        results = [connection.execute(doc.SAVE, row) for row in rows]
        if fetch is not None:
            results[fetch].fetchone()


row = stale()
check("pipeline: stale update, at the end", lambda: in_pipeline(row | SECOND), row, SECOND, FIRST)
row = stale()
check("pipeline: stale update, fetched", lambda: in_pipeline(row | SECOND, fetch=0), row, SECOND, FIRST)
row, other = stale(), fresh()
check("pipeline: a fresh update before a stale one", lambda: in_pipeline(other | MINE, row | SECOND), other, MINE,
      DRAFT if attached else None)
row, other = stale(), fresh()
check("pipeline: a fresh update behind a stale one, fetched",
      lambda: in_pipeline(row | SECOND, other | MINE, fetch=1), other, MINE, DRAFT if attached else None)


def in_pipeline_with_sync(*rows):
    with connection.pipeline() as pipeline:
        for row in rows:
            connection.execute(doc.SAVE, row)
            pipeline.sync()


row, other = stale(), fresh()
check("pipeline, sync() between: stale update behind a fresh one",
      lambda: in_pipeline_with_sync(other | MINE, row | SECOND), row, SECOND, FIRST)
check("pipeline, sync() between: a fresh update before a stale one", lambda: None, other, MINE)

# a list, of which all or nothing is saved
row, other = fresh(), fresh()
docs = [row | FIRST, other | FIRST]
check("list in a pipeline: fresh update", lambda: doc.save_all(connection, docs), other, FIRST)
docs = [new | SECOND for new in docs]
check("list in a pipeline: second fresh update", lambda: doc.save_all(connection, docs), other, SECOND)
row, other = stale(), fresh()
check("list in a pipeline: stale update", lambda: doc.save_all(connection, [other | MINE, row | SECOND]), row,
      SECOND, FIRST)
assert doc.read(connection, other["id"])["body"] == ("draft" if attached else "mine")

if attached:
    notices = []
    connection.add_notice_handler(lambda diag: notices.append((diag.severity, diag.sqlstate, diag.table_name)))
    connection.execute("SELECT concurrency.attach('doc', on_conflict => 'skip')")
    row = stale()
    check("on_conflict => 'skip': stale update", lambda: doc.save(connection, row | SECOND), row, SECOND, FIRST)
    assert notices == [("WARNING", "PT409", "doc")], notices
    connection.execute("SELECT concurrency.attach('doc', on_conflict => '')")
loop.run_until_complete(connection_async.close())
