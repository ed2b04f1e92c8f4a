"""The site, whose lists load rows alone: the templates ask for the rest, row by row."""

from benchmarks.settings.site import *

INSTALLED_APPS += ["benchmarks.catalog.joins.WithoutJoins"]
