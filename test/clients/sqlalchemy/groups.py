"""A version for each group of fields: two classes of one table, each with its own columns and its own version."""

from sqlalchemy import BigInteger, Column, FetchedValue, Numeric, Table, Text
from sqlalchemy.orm import declarative_base

Base = declarative_base()


def version(name):
    return Column(name, BigInteger, nullable=False, server_default=FetchedValue(), server_onupdate=FetchedValue())


product = Table(
    "product", Base.metadata,
    Column("id", BigInteger, primary_key=True),
    Column("title", Text), Column("body", Text), version("text_version"),
    Column("price", Numeric), version("price_version"))


def group(version, *names):
    """Of the table's columns these, and the version that the server counts for them."""
    return {"include_properties": ["id", *names, version.name], "version_id_col": version,
            "version_id_generator": False, "eager_defaults": True}


class ProductText(Base):
    __table__ = product
    __mapper_args__ = group(product.c.text_version, "title", "body")


class ProductPrice(Base):
    __table__ = product
    __mapper_args__ = group(product.c.price_version, "price")
