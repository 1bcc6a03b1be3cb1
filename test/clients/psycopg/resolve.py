"""From a refused write to what a person can decide: who changed what."""
try:
    from psycopg2 import sql
except ImportError:
    from psycopg import sql     # psycopg 3

STALE = "PT409"


def find(key):
    return sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in key.items())


def read(cursor, schema, table, key):
    """A row as a dict of JSON values, or None if it is gone."""
    cursor.execute(sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE {}").format(sql.Identifier(schema, table), find(key)))
    row = cursor.fetchone()
    return row and row[0]


def write(cursor, schema, table, key, row):
    """Write a whole row, with the version that it has been read at."""
    cursor.execute(sql.SQL("UPDATE {} SET {} WHERE {}").format(
        sql.Identifier(schema, table),
        sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))
                           for name, value in row.items() if name not in key),
        find(key)))


def current(cursor, error, key):
    """The row that a write was refused for, as it is now: the error says where."""
    return read(cursor, error.diag.schema_name, error.diag.table_name, key)


def difference(base, mine, theirs, version):
    """Column by column, what was read, what is to be written, and what is there now."""
    return {name: (base[name], mine[name], theirs[name])
            for name in theirs if name != version and not base[name] == mine[name] == theirs[name]}


def merged(base, mine, theirs):
    """What is there now, with the changes of this writer; and the columns that both have changed."""
    changed = {name for name in theirs if mine[name] != base[name]}
    both = {name for name in changed if theirs[name] not in (base[name], mine[name])}
    return {**theirs, **{name: mine[name] for name in changed}}, both
