"""Public addresses of the spaces."""

from django.urls import path

from . import views

app_name = "coworking"
urlpatterns = [
    path("espaces/", views.search, name="search"),
    path("espaces/<slug:slug>/", views.space, name="space"),
    path("espaces/<slug:slug>/reserver/", views.book, name="book"),
    path("mon-espace/reservations/<uuid:reference>/", views.booking, name="booking"),
    path("mon-espace/reservations/<uuid:reference>/modifier/", views.change, name="booking-change"),
    path("mon-espace/reservations/<uuid:reference>/annuler/", views.cancel, name="booking-cancel"),
    path("mon-espace/reservations/<uuid:reference>/agenda.ics", views.booking_ics, name="booking-ics"),
    path("liberer/<str:token>/", views.release, name="release"),
    path("repondre/<str:token>/", views.decide, name="decide"),
]
