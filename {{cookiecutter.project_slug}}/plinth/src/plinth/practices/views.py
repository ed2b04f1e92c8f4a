from collections import Counter
from typing import Any

from django.conf import settings
from django.contrib.auth.mixins import UserPassesTestMixin
from django.views.generic import TemplateView

from .ledger import ARTICLE, LEDGER
from .states import State


class LedgerView(UserPassesTestMixin, TemplateView):
    """The ledger as a page: open to all with DEBUG, to staff without."""

    template_name = "practices/ledger.html"

    def test_func(self) -> bool:
        return settings.DEBUG or self.request.user.is_staff

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        themes = {
            theme: [(practice, practice.find()) for practice in group]
            for theme, group in LEDGER.items()
        }
        found = Counter(
            finding.state for group in themes.values() for _, finding in group
        )
        counts = [(state, found[state]) for state in State if found[state]]
        return super().get_context_data(
            article=ARTICLE, themes=themes, counts=counts, **kwargs
        )
