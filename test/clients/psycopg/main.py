"""What an application that speaks SQL itself can do about a conflict."""
import os
try:
    import psycopg2 as psycopg
except ImportError:
    import psycopg
import resolve

connection = psycopg.connect("")
connection.autocommit = True
cursor = connection.cursor()


def new_row():
    """A row, as two writers have read it."""
    cursor.execute("INSERT INTO doc (title, body, price) VALUES ('Draft', 'a text', 10) RETURNING id")
    key = {"id": cursor.fetchone()[0]}
    return key, resolve.read(cursor, "public", "doc", key)


def save(key, row):
    """Nothing, or the error."""
    try:
        resolve.write(cursor, "public", "doc", key, row)
    except psycopg.Error as error:
        if error.diag.sqlstate != resolve.STALE:
            raise
        return error


def outcome(case, error, is_kept, detail=""):
    if error:
        diag = error.diag
        detail = " ".join((type(error).__name__, diag.sqlstate, diag.schema_name, diag.table_name,
                           diag.column_name, diag.constraint_name))
    print(case, "refused by us" if error else "accepted" if is_kept else "lost", detail, sep="\t")


# two people change different columns, and one of them the same as the other
key, base = new_row()
ann = {**base, "title": "Ann's title", "price": 12}
bob = {**base, "body": "Bob's text", "price": 15}
outcome("fresh update", save(key, ann), True)
error = save(key, bob)
now = resolve.read(cursor, "public", "doc", key)
outcome("stale update", error, now["title"] == "Ann's title")

if os.environ["CASES_MODE"] == "attached":
    theirs = resolve.current(cursor, error, key)
    for name, values in resolve.difference(base, bob, theirs, error.diag.column_name).items():
        print("difference in " + name, "accepted", "read %s, mine %s, theirs %s" % values, sep="\t")

    row, both = resolve.merged(base, bob, theirs)
    outcome("merge", save(key, {**row, "price": theirs["price"]}), True, "to be asked about: " + ", ".join(both))
    now = resolve.read(cursor, "public", "doc", key)
    assert (now["title"], now["body"], now["price"]) == ("Ann's title", "Bob's text", 12), now

    # overwriting is no privilege: it is one more write, based on what is there
    outcome("overwrite", save(key, {**bob, "version": now["version"]}), True)
    now = resolve.read(cursor, "public", "doc", key)
    assert (now["title"], now["body"], now["price"]) == ("Draft", "Bob's text", 15), now

    # ... and whoever meanwhile has been overwritten is told in turn
    outcome("stale update of whoever was overwritten", save(key, ann), False)
