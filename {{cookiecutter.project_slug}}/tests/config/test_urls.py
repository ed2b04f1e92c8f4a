from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver


def walk(
    resolver: URLResolver, namespace: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from walk(entry, entry.namespace or namespace)
        else:
            yield namespace, entry


PATTERNS = [
    (namespace, pattern)
    for namespace, pattern in walk(get_resolver())
    if namespace != "admin"  # Django's own
]


@pytest.mark.parametrize(("namespace", "pattern"), PATTERNS, ids=str)
def test_every_url_is_named_and_namespaced(namespace: str, pattern: URLPattern) -> None:
    assert namespace
    assert pattern.name


@pytest.mark.parametrize(("namespace", "pattern"), PATTERNS, ids=str)
def test_every_view_is_a_class(namespace: str, pattern: URLPattern) -> None:
    assert hasattr(pattern.callback, "view_class")
