"""The site, whose lists load rows alone: the templates ask for the rest, row by row."""

from plinth.benchmarks.settings.site import *

INSTALLED_APPS += ["apps.catalog.benchmarks.joins.WithoutJoins"]
