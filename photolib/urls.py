"""Every address of the site: the app's pages and the operator's desk."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("gallery.urls")),
    path("", include("gallery.api.urls")),
]

handler404 = "gallery.views.errors.not_found"
handler500 = "gallery.views.errors.server_error"
