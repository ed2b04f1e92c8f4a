"""Profiles of requests, by pyinstrument and django-silk; for development only."""
