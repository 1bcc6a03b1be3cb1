"""What becomes of a write, case by case; shared by the clients that are written in Python."""

try:
    import psycopg2
    from psycopg2.extras import RealDictCursor
except ImportError:
    psycopg2 = None
    import psycopg
    from psycopg.rows import dict_row

REFUSALS = "PT409", "PT428"     # stale, and blind where that is not allowed
GONE = "gone"


class Said(Exception):
    """How a client says that it refuses, where it raises nothing."""


# Any other tool: a connection of its own, plain SQL, no versions.
tool = psycopg2.connect("", cursor_factory=RealDictCursor) if psycopg2 else psycopg.connect("", row_factory=dict_row)
tool.autocommit = True


def query(sql, *arguments):
    """Run a statement; its first row, if it has any."""
    with tool.cursor() as cursor:
        cursor.execute(sql, arguments)
        return cursor.fetchone() if cursor.description else None


def new_row(table):
    """Make a row that two writers can read; its key."""
    return query(f"INSERT INTO {table} (body) VALUES ('draft') RETURNING id")["id"]


def write_by_tool(table, key):
    query(f"UPDATE {table} SET body = 'by a tool' WHERE id = %s", key)


def holds(table, key, values):
    """Does the row have these values, or is it GONE?"""
    row = query(f"SELECT * FROM {table} WHERE id = %s", key() if callable(key) else key)
    if row is None or values == GONE:
        return row is None and values == GONE
    return values.items() <= row.items()


def name(error):
    return f"{type(error).__module__}.{type(error).__qualname__}"


def attempt(case, write, row, mine, theirs=None, refusals=()):
    """Write, and print what became of it.

    The row is (table, key); a key that is not known before is a function.  Theirs is
    what the first writer has left there, mine what the second one wants, both as
    {column: value} or GONE.  The write may return a number of rows; refusals are the
    exceptions by which the client itself refuses.
    """
    try:
        outcome, detail = ("refused by the client", "0 rows") if write() == 0 else ("accepted", "")
    except Exception as error:
        driver = error.__cause__ or error
        diag = getattr(driver, "diag", None)
        if diag and diag.sqlstate in REFUSALS:
            fields = [getattr(diag, f"{field}_name") for field in ("schema", "table", "column", "constraint")]
            assert diag.message_detail.startswith("Key (id)=("), driver
            outcome = "refused by us"
            detail = " ".join([name(error), name(driver), diag.sqlstate, *map(str, fields)])
        elif isinstance(error, Said):
            outcome, detail = "refused by the client", str(error)
        elif isinstance(error, refusals) and error.__cause__ is None:
            outcome, detail = "refused by the client", name(error)
        else:
            raise
    if outcome == "accepted" and theirs and not holds(*row, theirs):
        outcome = "lost"
    expected = theirs if outcome.startswith("refused") else mine
    if expected and not holds(*row, expected):
        raise SystemExit(f"{case}: {outcome}, but the row of {row} does not hold {expected}")
    print(case, outcome, detail, sep="\t", flush=True)
