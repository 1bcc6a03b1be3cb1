"""psycopg 3: send the version in SET, go on with the one that RETURNING gives, and tell a stale write."""

import psycopg
from psycopg.rows import dict_row

SAVE = """
    UPDATE doc SET title = %(title)s, body = %(body)s, version = %(version)s WHERE id = %(id)s
    RETURNING version
"""
EXPECT = "SELECT concurrency.expect('doc', %(version)s)"
DELETE = "DELETE FROM doc WHERE id = %(id)s"


def is_stale(error):
    """Did the server refuse a write, as the row has changed since it was read?"""
    return isinstance(error, psycopg.Error) and error.sqlstate == "PT409"


def read(connection, key):
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("SELECT id, title, body, version FROM doc WHERE id = %s", [key]).fetchone()


def save(connection, doc):
    """Write a document; is it there?"""
    with connection.transaction():
        row = connection.execute(SAVE, doc).fetchone()
    if row:
        doc["version"], = row
    return row is not None


def delete(connection, doc):
    """Delete the document, if it is as it was read."""
    with connection.transaction():
        connection.execute(EXPECT, doc)
        return connection.execute(DELETE, doc).rowcount > 0


async def save_async(connection, doc):
    async with connection.transaction():
        row = await (await connection.execute(SAVE, doc)).fetchone()
    if row:
        doc["version"], = row
    return row is not None


def save_all(connection, docs):
    """Write documents in one go, all or none; are they there?"""
    with connection.transaction(), connection.pipeline():
        results = [connection.execute(SAVE, doc) for doc in docs]
        rows = [result.fetchone() for result in results]
    for doc, row in zip(docs, rows):
        if row:
            doc["version"], = row
    return all(rows)
