"""A form, saved by Django: the version goes out in it, and comes back."""

from django.db import DatabaseError
from django.forms import modelform_factory
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from .models import Page, PageForm, is_stale

FIELDS = "title", "body"


class SeeOther(HttpResponseRedirect):
    status_code = 303


@require_GET
def edit(request, pk):
    page = get_object_or_404(Page, pk=pk)
    return render(request, "wiki/page.html", {"page": page, "form": PageForm(instance=page)})


@require_POST
def save(request, pk):
    form = PageForm(request.POST, instance=Page(pk=pk))
    form.instance._state.adding = False     # it is there already, at the version that the form has
    if not form.is_valid():
        return render(request, "wiki/page.html", {"page": form.instance, "form": form}, status=422)
    try:
        form.save()
    except DatabaseError as error:
        if error.__cause__ and not is_stale(error):
            raise
        return conflict(request, pk, form)
    return SeeOther(f"/docs/{pk}/edit")


def conflict(request, pk, form):
    """What was written, beside what is there now; or that nothing is."""
    page = Page.objects.filter(pk=pk).first()
    if page is None:
        return render(request, "wiki/gone.html", {"form": form}, status=410)
    fields = [compare(name, request.POST[f"base_{name}"], form.cleaned_data[name], getattr(page, name)) for name in FIELDS]
    merged = PageForm(instance=page, initial={field["name"]: field["merged"] for field in fields})
    response = render(request, "wiki/page.html", {"page": page, "form": merged, "fields": fields}, status=409)
    response["X-Refused-By"] = "server"
    return response


def compare(name, base, mine, theirs):
    """One field: what to put into the form, and whether both have changed it."""
    return {
        "name": name, "base": base, "mine": mine, "theirs": theirs,
        "merged": theirs if mine == base else mine, "conflict": len({base, mine, theirs}) == 3}


@require_POST
def save_wrong(request, pk):
    """Wrong, and usual: the row is read again, with its version, which fits; the form has none."""
    page = get_object_or_404(Page, pk=pk)
    modelform_factory(Page, fields=FIELDS)(request.POST, instance=page).save()
    return SeeOther(f"/docs/{pk}/edit")
