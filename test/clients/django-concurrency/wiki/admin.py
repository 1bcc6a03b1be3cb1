"""django-concurrency's admin."""

from concurrency.admin import ConcurrentModelAdmin
from django.contrib import admin

from .models import Doc, Memo


@admin.register(Doc, Memo)
class TextAdmin(ConcurrentModelAdmin):
    list_display = ["id", "title", "body", "version"]
    list_editable = ["title", "body"]
