"""What Alembic wants to change of the version columns of tables that are attached."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import BigInteger, Column, FetchedValue, MetaData, Table

from model import Base, engine


def changes(metadata):
    def is_compared(item, name, kind, reflected, compare_to):
        return name in metadata.tables if kind == "table" else name == "version"

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_server_default": True, "include_object": is_compared})
        found = compare_metadata(context, metadata)
    return [change[0][0] if isinstance(change, list) else change[0] for change in found]


def changes_of(*columns):
    metadata = MetaData()
    Table("doc", metadata, Column("id", BigInteger, primary_key=True), *columns)
    return changes(metadata)


for is_, should in ((changes(Base.metadata), []),
                    (changes_of(Column("version", BigInteger, nullable=False, server_default=FetchedValue())), []),
                    (changes_of(Column("version", BigInteger, nullable=False)), ["modify_default"]),
                    (changes_of(Column("version", BigInteger, server_default=FetchedValue())), ["modify_nullable"]),
                    (changes_of(), ["remove_column"])):
    assert is_ == should, (is_, should)
