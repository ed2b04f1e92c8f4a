"""The check of the view style, on views of the API."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings


@pytest.mark.usefixtures("api")
def test_functions_are_reported_but_those_of_ninja(
    framework: str, settings: Settings
) -> None:
    settings.VIEW_STYLE = "class"

    found = [
        each.msg
        for each in run_checks(tags=["practices"])
        if each.id == "practices.W044"
    ]

    view = "The view plinth_tests.api.drf_documents.function is a function"
    reported = {"drf": [f"{view}: VIEW_STYLE is 'class'."], "ninja": []}
    assert found == reported[framework]
