"""What pages of accounts say of machines."""

from django import template

from ..rules import browser_name

register = template.Library()

register.filter("browser_name", browser_name)
