"""Public addresses of the spaces."""

from django.urls import path

from .views import booking, links, search, week

app_name = "coworking"
urlpatterns = [
    path("espaces/", search.search, name="search"),
    path("espaces/<slug:slug>/", week.space, name="space"),
    path("espaces/<slug:slug>/reserver/", booking.book, name="book"),
    path("mon-espace/reservations/<uuid:reference>/", booking.booking, name="booking"),
    path("mon-espace/reservations/<uuid:reference>/modifier/", booking.change, name="booking-change"),
    path("mon-espace/reservations/<uuid:reference>/annuler/", booking.cancel, name="booking-cancel"),
    path("mon-espace/reservations/<uuid:reference>/agenda.ics", booking.calendar_file, name="booking-ics"),
    path("liberer/<str:token>/", links.release, name="release"),
    path("repondre/<str:token>/", links.decide, name="decide"),
]
