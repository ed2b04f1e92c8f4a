"""Benchmarks of the site with and without single practices: `make bench`.

Not part of the image.
"""
