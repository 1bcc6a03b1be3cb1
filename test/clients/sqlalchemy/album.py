"""Two tables that refer to each other: post_update writes a new row once more, when the other one is there."""

from sqlalchemy import BigInteger, Column, FetchedValue, ForeignKey, Text
from sqlalchemy.orm import declarative_base, relationship


def models(**mapper_args):
    """An album that is versioned so, and its pictures."""
    Base = declarative_base()

    class Picture(Base):
        __tablename__ = "picture"
        id = Column(BigInteger, primary_key=True)
        album = Column(BigInteger, ForeignKey("album.id"))

    class Album(Base):
        __tablename__ = "album"
        id = Column(BigInteger, primary_key=True)
        body = Column(Text)
        cover_id = Column("cover", BigInteger, ForeignKey("picture.id"))
        version = Column(BigInteger, nullable=False, server_default=FetchedValue(), server_onupdate=FetchedValue())
        cover = relationship(Picture, foreign_keys=cover_id, post_update=True)
        pictures = relationship(Picture, foreign_keys=Picture.album)
        __mapper_args__ = {"version_id_col": version, **mapper_args}

    return Album, Picture
