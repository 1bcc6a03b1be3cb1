"""Django's admin: the form with the hidden version, for one row and for the list."""

from django.contrib import admin

from .models import Page, PageForm


@admin.register(Page)
class PageAdmin(admin.ModelAdmin):
    form = PageForm
    list_display = ["id", "title", "body", "version"]
    list_editable = ["title", "body", "version"]

    def get_changelist_form(self, request, **kwargs):
        return PageForm
