"""Error tracking; without it, errors go only to the log."""

from config.settings.environment import env

# The commit and the environment, which every reported error carries.
RELEASE = env("RELEASE")
ENVIRONMENT = env(
    "ENVIRONMENT",
    default=env("DJANGO_SETTINGS_MODULE").removeprefix("config.settings."),
)
# {% if cookiecutter.error_tracking == "sentry" %}

if SENTRY_DSN := env.sentry_dsn("SENTRY_DSN"):
    from plinth.errors import sentry

    sentry.start(
        SENTRY_DSN,
        environment=ENVIRONMENT,
        release=RELEASE,
        # 0 to 1: the fractions of requests that are traced, and of processes that
        # profile their traced requests.
        traces_sample_rate=env.fraction("SENTRY_TRACES_SAMPLE_RATE", default=0.0),
        profiles_sample_rate=env.fraction("SENTRY_PROFILES_SAMPLE_RATE", default=0.0),
    )
# {% endif %}
