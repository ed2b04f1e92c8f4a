"""A practice: an entry of the ledger, and its state here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.apps import apps
from django.conf import settings

from plinth import extras

from .states import Finding, State

EXAMPLE = '{%d: ("apps/shop/views.py",)}'


@dataclass(frozen=True)
class Practice:
    number: int
    title: str
    # How it is done, for a Django developer; "Planned: ..." while it is not built.
    how: str
    # Files of the project, and settings as `settings.NAME`. Apps add theirs: registered().
    where: tuple[str, ...] = ()
    probe: Callable[[], Finding] | None = None
    # Extras of django-plinth, any of which brings it.
    extras: tuple[str, ...] = ()
    # Only the code of an app can show it.
    by_apps: bool = False

    @property
    def is_built(self) -> bool:
        return bool(self.where) or self.by_apps

    @property
    def places(self) -> list[str]:
        """Where it is here: those of another deployment target count only if all are."""
        every = [*dict.fromkeys((*self.where, *registered(self.number)))]
        return [place for place in every if is_chosen(place)] or every

    @property
    def missing(self) -> list[str]:
        """The places that do not exist; none where the whole project is not at hand."""
        return [p for p in self.places if not exists(p)] if is_checkout() else []

    @property
    def absence(self) -> str:
        """Why it cannot be shown or proven here, and what brings it back; or ""."""
        if self.extras and not any(map(extras.is_installed, self.extras)):
            names = " or ".join(f"django-plinth[{extra}]" for extra in self.extras)
            return f"install the extra: {names} (steps: plinth/README.md)"
        if self.by_apps and not registered(self.number):
            return (
                f"no app shows it: set `practices = {EXAMPLE % self.number}` in an "
                f"AppConfig, and mark a test with `@pytest.mark.practice({self.number})`"
            )
        files = {p for p in self.places if not p.startswith("settings.")}
        if files and files <= {*self.missing}:
            return f"not here: {', '.join(sorted(files))}"
        return ""

    def find(self) -> Finding:
        if reason := self.absence:
            return Finding(State.ABSENT, reason)
        if not self.is_built:
            return Finding(State.UNBUILT)
        return self.run_probe()

    def run_probe(self) -> Finding:
        """Return the probe's finding; an exception in it is a finding too."""
        if not self.probe or self.absence:
            return Finding(State.ON)
        try:
            return self.probe()
        except Exception as error:  # noqa: BLE001
            return Finding(State.OFF, f"its probe failed: {error!r}")

    def errors(self) -> Iterator[str]:
        """Yield what is wrong with the entry; a deleted file of the owner's is not."""
        if self.absence:
            return
        for place in self.missing:
            if place.startswith(("plinth/", "settings.")):
                yield f"practice {self.number} names a missing place: {place}"


def registered(number: int) -> tuple[str, ...]:
    """The places that apps register: `practices = {1: ("apps/shop/views.py",)}`."""
    return tuple(
        place
        for config in apps.get_app_configs()
        for place in getattr(config, "practices", {}).get(number, ())
    )


def exists(place: str) -> bool:
    if place.startswith("settings."):
        return hasattr(settings, place.removeprefix("settings."))
    return (settings.BASE_DIR / place).exists()


def is_chosen(place: str) -> bool:
    """Whether a place is not in a folder of deploy/ that this project has not."""
    deploy, _, rest = place.partition("/")
    if deploy != "deploy" or not is_checkout():
        return True
    return exists(f"deploy/{rest.partition('/')[0]}")


def is_checkout() -> bool:
    """Whether the whole project is here: an image leaves out tests, docs and deploy."""
    return (settings.BASE_DIR / "plinth/plinth_tests").is_dir()
