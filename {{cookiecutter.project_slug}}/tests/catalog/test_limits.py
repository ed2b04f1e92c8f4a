"""What nginx lets through is what the forms take, and not much more."""

from apps.catalog import forms, manuals, pictures
from plinth_tests.deploy.nginx import find, say

MEGABYTE = 2**20


def limit(location: str = "") -> int:
    """Return how many bytes nginx takes, in one place or where none says otherwise."""
    [http] = find("http")
    block = http["block"]
    if location:
        [block] = [it["block"] for it in find("location") if location in it["args"][-1]]
        [said] = say("client_max_body_size", block)
    else:
        [said] = [
            it["args"][0] for it in block if it["directive"] == "client_max_body_size"
        ]
    assert said.endswith("m")
    return int(said.removesuffix("m")) * MEGABYTE


def test_nginx_takes_the_largest_file_of_a_form_and_what_surrounds_it() -> None:
    largest = max(forms.UPLOAD_LIMIT, pictures.LIMIT)

    assert largest + MEGABYTE < limit() < largest * 1.2


def test_nginx_takes_a_manual_where_manuals_are_sent() -> None:
    assert manuals.LIMIT + MEGABYTE < limit("/manual/upload/") < manuals.LIMIT * 1.2
