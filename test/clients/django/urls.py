from django.contrib import admin
from django.urls import path

from wiki import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("docs/<int:pk>", views.save),
    path("docs/<int:pk>/edit", views.edit),
    path("docs/<int:pk>/wrong", views.save_wrong),
]
