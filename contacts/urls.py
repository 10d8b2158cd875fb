from django.urls import URLPattern, path

from contacts import views

app_name = "contacts"
urlpatterns: list[URLPattern] = [
    path("", views.contact_list, name="contacts"),
]
