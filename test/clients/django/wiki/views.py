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
    return show(request, pk, PageForm(instance=page), {name: getattr(page, name) for name in FIELDS})


@require_POST
def save(request, pk):
    page = Page.objects.filter(pk=pk).first()
    form = PageForm(request.POST, instance=page)    # the version is one of its fields, so it is not the one just read
    if page is None:
        return conflict(request, pk, form)
    if not form.is_valid():
        return show(request, pk, form, base_of(request), status=422)
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
    base, theirs = base_of(request), {name: getattr(page, name) for name in FIELDS}
    fields = [compare(name, base[name], form.cleaned_data[name], theirs[name]) for name in FIELDS]
    merged = PageForm(instance=page, initial={field["name"]: field["merged"] for field in fields})
    response = show(request, pk, merged, theirs, status=409, fields=fields)
    response["X-Refused-By"] = "server"
    return response


def show(request, pk, form, base, status=200, fields=()):
    context = {"pk": pk, "form": form, "base": base, "fields": fields}
    return render(request, "wiki/page.html", context, status=status)


def base_of(request):
    """What the form was filled with; as it was sent, since a page that is invalid may be sent more than once."""
    return {name: request.POST[f"base_{name}"] for name in FIELDS}


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
