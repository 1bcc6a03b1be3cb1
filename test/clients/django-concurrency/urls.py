from django.contrib import admin
from django.urls import path
from wiki.views import put

urlpatterns = [path("admin/", admin.site.urls), path("put/<int:pk>", put)]
