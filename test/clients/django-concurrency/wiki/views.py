"""A page that writes past the model: the row as the browser has it, its version with it."""

from django.http import HttpResponse

from .models import Doc


def put(request, pk):
    Doc.objects.filter(pk=pk).update(body=request.POST["body"], version=request.POST["version"])
    return HttpResponse("saved")
