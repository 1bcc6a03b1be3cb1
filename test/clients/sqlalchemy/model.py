"""Three ways for SQLAlchemy to live with a version, and how to tell that a write is stale."""

from sqlalchemy import BigInteger, Column, FetchedValue, Text, create_engine, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import declarative_base
from sqlalchemy.orm.exc import StaleDataError

engine = create_engine("postgresql://", future=True)    # where to, say PGHOST, PGDATABASE, ...
Base = declarative_base()


class Doc(Base):
    """SQLAlchemy counts: SET version = 3 WHERE version = 2."""
    __tablename__ = "doc"
    id = Column(BigInteger, primary_key=True)
    title = Column(Text, nullable=False, server_default=FetchedValue())
    body = Column(Text)
    version = Column(BigInteger, nullable=False, server_default=FetchedValue())
    __mapper_args__ = {"version_id_col": version}


class Page(Base):
    """The server counts: WHERE version = 2 RETURNING version."""
    __tablename__ = "page"
    id = Column(BigInteger, primary_key=True)
    title = Column(Text, nullable=False, server_default=FetchedValue())
    body = Column(Text)
    version = Column(BigInteger, nullable=False, server_default=FetchedValue(), server_onupdate=FetchedValue())
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False, "eager_defaults": True}


class Note(Base):
    """SQLAlchemy does not know: protected are writes that send the version in SET."""
    __tablename__ = "note"
    id = Column(BigInteger, primary_key=True)
    title = Column(Text, nullable=False, server_default=FetchedValue())
    body = Column(Text)
    version = Column(BigInteger, nullable=False, server_default=FetchedValue())


def upsert(model, **values):
    """Insert a row, or update the one that was read at values["version"]."""
    statement = insert(model).values(values)
    return statement.on_conflict_do_update(
        index_elements=["id"], set_={name: statement.excluded[name] for name in values if name != "id"})


def expect(model, version):
    """Until the end of the transaction, rows that are written must be at this version."""
    return select(func.concurrency.expect(model.__tablename__, version))


def is_stale(error):
    """Was a write refused, by SQLAlchemy or by the server, as the row has changed since it was read?"""
    return isinstance(error, StaleDataError) or isinstance(error, DBAPIError) and error.orig.diag.sqlstate == "PT409"


def compare(session, row, wanted):
    """What is there now beside what somebody wanted to write, where that differs."""
    session.rollback()
    session.refresh(row)
    return {name: (getattr(row, name), value) for name, value in wanted.items() if getattr(row, name) != value}
