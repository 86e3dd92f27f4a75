"""Two tables, made and filled by `benchmarks.databases` from ours."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models


class Room(models.Model):
    """What one books; a site has several."""

    site = models.IntegerField()
    name = models.TextField()

    class Meta:
        managed = False
        db_table = "reference_room"

    def __str__(self) -> str:
        return self.name


class Booking(models.Model):
    """A room taken for a time: two never overlap."""

    room = models.ForeignKey(Room, models.CASCADE)
    during = DateTimeRangeField()
    holder = models.TextField()

    class Meta:
        managed = False
        db_table = "reference_booking"

    def __str__(self) -> str:
        return f"{self.room_id} {self.during}"
