"""django-optimistic-lock."""

from django.db import models
from ool import VersionedMixin, VersionField


class Paper(VersionedMixin, models.Model):
    title = models.TextField(default="draft")
    body = models.TextField()
    version = VersionField()

    class Meta:
        managed = False
