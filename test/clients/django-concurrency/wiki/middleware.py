"""The page for a conflict, also for one that the server has refused."""

from concurrency.middleware import ConcurrencyMiddleware
from concurrency.views import ConflictResponse
from django.core.signals import got_request_exception
from django.template import loader


def is_stale(error):
    """Did the server refuse a write, as the row has changed since it was read?"""
    return hasattr(error.__cause__, "diag") and error.__cause__.diag.sqlstate == "PT409"


class ConflictMiddleware(ConcurrencyMiddleware):
    def process_exception(self, request, exception):
        if is_stale(exception):
            got_request_exception.send(sender=self, request=request)
            return ConflictResponse(loader.render_to_string("409.html", {"request_path": request.path}, request))
        return super().process_exception(request, exception)
