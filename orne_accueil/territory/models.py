"""Communes, their EPCI, their contours, and the landmarks that each of them is near to.

The rows come from the official files (`manage.py load_territory`); landmarks of kind `space` are written by
coworking through `territory.actions`. Nothing here is edited by hand.
"""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.text import capfirst

from orne_accueil.common.text import NBSP, NNBSP, de, distance

from . import rules
from .enums import EpciKind, LandmarkKind
from .geo import drive_label

INSEE_CODE = r"^([0-9]{2}|2[AB])[0-9]{3}$"
POSTAL_CODE = r"^[0-9]{5}$"
SIREN = r"^[0-9]{9}$"


def position_constraints(table: str) -> list[models.BaseConstraint]:
    """The bounds of a position in degrees, for a model with `latitude` and `longitude`."""
    return [
        models.CheckConstraint(
            condition=Q(latitude__gte=-90, latitude__lte=90),
            name=f"{table}_latitude_between_minus_90_and_90",
            violation_error_message="La latitude doit être comprise entre −90 et 90 degrés.",
        ),
        models.CheckConstraint(
            condition=Q(longitude__gte=-180, longitude__lte=180),
            name=f"{table}_longitude_between_minus_180_and_180",
            violation_error_message="La longitude doit être comprise entre −180 et 180 degrés.",
        ),
    ]


class Epci(models.Model):
    """An intercommunal body (CdC, agglomération…), identified by its SIREN."""

    siren = models.CharField("SIREN", max_length=9, validators=[RegexValidator(SIREN)])
    name = models.CharField("nom", max_length=120, help_text="Sans son sigle : « des Sources de l’Orne ».")
    kind = models.CharField("nature", max_length=5, choices=EpciKind.choices)

    class Meta:
        verbose_name = "EPCI"
        verbose_name_plural = "EPCI"
        ordering = ["name", "siren"]
        constraints = [
            models.UniqueConstraint(
                fields=["siren"],
                name="epci_siren_unique",
                violation_error_message="Un autre EPCI porte déjà ce SIREN.",
            ),
            models.CheckConstraint(
                condition=Q(siren__regex=SIREN),
                name="epci_siren_has_nine_digits",
                violation_error_message="Le SIREN d’un EPCI compte neuf chiffres.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=EpciKind.values),
                name="epci_kind_known",
                violation_error_message="La nature d’un EPCI est CC, CA, CU ou METRO.",
            ),
        ]

    def __str__(self) -> str:
        return self.short_name

    @property
    def short_name(self) -> str:
        """« CC des Sources de l’Orne », as the official files write it."""
        return f"{self.kind} {self.name}"

    @property
    def long_name(self) -> str:
        """« Communauté de communes des Sources de l’Orne »."""
        return f"{capfirst(EpciKind(self.kind).label)} {self.name}"

    @property
    def bare_name(self) -> str:
        """« Sources de l’Orne », by which a list is read and sorted."""
        return rules.without_preposition(self.name)


class Commune(models.Model):
    """A commune, at the position of its mairie.

    `name` is written for people (’ and œ), `official_name` as the source file writes it, for exports.
    `epci` is null for the few islands that belong to none.
    """

    code_insee = models.CharField("code INSEE", max_length=5, validators=[RegexValidator(INSEE_CODE)])
    name = models.CharField("nom", max_length=100)
    official_name = models.CharField("nom officiel", max_length=100)
    folded_name = models.CharField("nom comparé", max_length=120, editable=False)
    siren = models.CharField("SIREN", max_length=9, blank=True)
    epci = models.ForeignKey(Epci, models.PROTECT, null=True, blank=True, related_name="communes", verbose_name="EPCI")
    postal_codes = ArrayField(
        models.CharField(max_length=5, validators=[RegexValidator(POSTAL_CODE)]), verbose_name="codes postaux"
    )
    population = models.IntegerField("population")
    latitude = models.FloatField("latitude")
    longitude = models.FloatField("longitude")
    mairie_address = models.CharField("adresse de la mairie", max_length=200, blank=True)
    mairie_phone = models.CharField("téléphone de la mairie", max_length=20, blank=True)
    mairie_website = models.URLField("site de la commune", max_length=200, blank=True)
    mairie_hours = models.JSONField(
        "horaires de la mairie",
        default=list,
        blank=True,
        help_text="Liste de [premier jour, dernier jour, [[ouverture, fermeture], …]].",
    )

    class Meta:
        verbose_name = "commune"
        verbose_name_plural = "communes"
        ordering = ["folded_name", "code_insee"]
        constraints = [
            models.UniqueConstraint(
                fields=["code_insee"],
                name="commune_code_insee_unique",
                violation_error_message="Une autre commune porte déjà ce code INSEE.",
            ),
            models.CheckConstraint(
                condition=Q(code_insee__regex=INSEE_CODE),
                name="commune_code_insee_well_formed",
                violation_error_message=(
                    "Un code INSEE compte cinq chiffres (2A ou 2B en tête pour la Corse), par exemple 61006."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(folded_name=""),
                name="commune_name_given",
                violation_error_message="Une commune a un nom.",
            ),
            models.CheckConstraint(
                condition=Q(population__gte=0),
                name="commune_population_not_negative",
                violation_error_message="La population ne peut pas être négative.",
            ),
            *position_constraints("commune"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the compared name true, and the official one given, whoever writes the row."""
        self.folded_name = rules.search_key(self.name)
        self.official_name = self.official_name or self.name
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def get_absolute_url(self) -> str:
        return reverse("portal:commune", args=[self.code_insee])

    @property
    def de_name(self) -> str:
        """« d’Argentan », « du Mêle-sur-Sarthe »."""
        return de(self.name)

    @property
    def postal_code(self) -> str:
        """The first of its postal codes, which is the mairie's."""
        return self.postal_codes[0] if self.postal_codes else ""

    @property
    def population_label(self) -> str:
        """« 25 490 habitants »."""
        figure = f"{self.population:,}".replace(",", NNBSP)
        return f"{figure}{NBSP}habitant{'s' if self.population > 1 else ''}"

    @property
    def phone_link(self) -> str:
        """The mairie's number as a telephone dials it, from abroad too where it is a metropolitan one."""
        digits = "".join(char for char in self.mairie_phone if char.isdigit() or char == "+")
        metropolitan = len(digits) == 10 and digits.startswith("0") and not self.code_insee.startswith("97")
        return f"+33{digits[1:]}" if metropolitan else digits

    @property
    def website_label(self) -> str:
        """« alencon.fr » for https://www.alencon.fr/."""
        return self.mairie_website.partition("://")[2].removeprefix("www.").rstrip("/")

    @property
    def hours_lines(self) -> list[rules.HoursLine]:
        """The mairie's hours as French lines, one per group of days."""
        return rules.hours_in_french(self.mairie_hours)


class Contour(models.Model):
    """The simplified outline of a commune: a GeoJSON geometry in degrees, apart so that no list reads it."""

    commune = models.OneToOneField(Commune, models.CASCADE, primary_key=True, related_name="contour")
    geometry = models.JSONField("géométrie")

    class Meta:
        verbose_name = "contour"
        verbose_name_plural = "contours"

    def __str__(self) -> str:
        return f"Contour {de(self.commune.name)}"


class DataFile(models.Model):
    """A published file, written once by the action that changes its content and served as it is."""

    name = models.CharField("nom", max_length=60)
    content = models.BinaryField("contenu compressé (gzip)")
    etag = models.CharField("empreinte", max_length=64)
    changed_at = models.DateTimeField("modifié le")

    class Meta:
        verbose_name = "fichier publié"
        verbose_name_plural = "fichiers publiés"
        constraints = [
            models.UniqueConstraint(
                fields=["name"],
                name="datafile_name_unique",
                violation_error_message="Un autre fichier publié porte déjà ce nom.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Landmark(models.Model):
    """A station, or a workspace, that people want to live near. `key` is stable within its kind."""

    kind = models.CharField("nature", max_length=10, choices=LandmarkKind.choices)
    key = models.CharField("clé", max_length=80)
    name = models.CharField("nom", max_length=120)
    folded_name = models.CharField("nom comparé", max_length=140, editable=False)
    commune = models.ForeignKey(
        Commune, models.PROTECT, null=True, blank=True, related_name="landmarks", verbose_name="commune"
    )
    latitude = models.FloatField("latitude")
    longitude = models.FloatField("longitude")
    lines = ArrayField(models.CharField(max_length=80), default=list, blank=True, verbose_name="lignes")
    url = models.CharField("adresse de sa page", max_length=200, blank=True)

    class Meta:
        verbose_name = "repère"
        verbose_name_plural = "repères"
        ordering = ["kind", "folded_name", "key"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                name="landmark_key_unique_within_kind",
                violation_error_message="Un autre repère de cette nature porte déjà cette clé.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=LandmarkKind.values),
                name="landmark_kind_known",
                violation_error_message="Un repère est une gare ou un espace de travail.",
            ),
            models.CheckConstraint(
                condition=~Q(key="") & ~Q(name=""),
                name="landmark_key_and_name_given",
                violation_error_message="Un repère a une clé et un nom.",
            ),
            *position_constraints("landmark"),
        ]

    def __str__(self) -> str:
        return self.label

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the compared name true, whoever writes the row."""
        self.folded_name = rules.search_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def label(self) -> str:
        """« gare d’Argentan »; a workspace goes by its own name."""
        return f"gare {de(self.name)}" if self.kind == LandmarkKind.STATION else self.name


class NearestLandmark(models.Model):
    """The landmark of a kind nearest to a commune's mairie, as the crow flies, written by actions."""

    commune = models.ForeignKey(Commune, models.CASCADE, related_name="nearest")
    kind = models.CharField("nature", max_length=10, choices=LandmarkKind.choices)
    landmark = models.ForeignKey(Landmark, models.CASCADE, related_name="nearest_to")
    km = models.FloatField("distance à vol d’oiseau (km)")

    class Meta:
        verbose_name = "repère le plus proche"
        verbose_name_plural = "repères les plus proches"
        constraints = [
            models.UniqueConstraint(
                fields=["commune", "kind"],
                name="nearestlandmark_one_per_commune_and_kind",
                violation_error_message="Cette commune a déjà un repère le plus proche de cette nature.",
            ),
            models.CheckConstraint(
                condition=Q(km__gte=0),
                name="nearestlandmark_km_not_negative",
                violation_error_message="Une distance ne peut pas être négative.",
            ),
        ]
        indexes = [models.Index(fields=["kind", "km"], name="nearestlandmark_kind_km")]

    def __str__(self) -> str:
        return f"{self.commune} : {self.landmark} à {self.km:.1f} km"

    @property
    def is_station(self) -> bool:
        return self.kind == LandmarkKind.STATION

    @property
    def where(self) -> str:
        """« à 9 km », « dans la commune »."""
        return "dans la commune" if self.landmark.commune_id == self.commune_id else distance(self.km)

    @property
    def sentence(self) -> str:
        """« à 9 km de la gare d’Argentan », « gare dans la commune », « EPN de Sées à 9 km »."""
        if not self.is_station:
            return f"{self.landmark.name} {self.where}"
        if self.landmark.commune_id == self.commune_id:
            return "gare dans la commune"
        return f"{self.where} de la {self.landmark.label}"

    @property
    def drive_label(self) -> str:
        """« environ 15 min en voiture (estimation) », or nothing within 500 m."""
        return drive_label(self.km)
