"""The animator's back office: her day, her week, her phone. Everything is saved by the actions."""

from django.contrib import admin

from coworking.models import Booking, Equipment, Room, Space

from .bookings import BookingAdmin
from .spaces import EquipmentAdmin, RoomAdmin, SpaceAdmin

admin.site.register(Space, SpaceAdmin)
admin.site.register(Room, RoomAdmin)
admin.site.register(Booking, BookingAdmin)
admin.site.register(Equipment, EquipmentAdmin)
