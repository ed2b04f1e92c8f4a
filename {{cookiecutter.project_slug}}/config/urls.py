from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from plinth.http import errors

admin.site.site_header = admin.site.site_title = settings.SITE_NAME

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("plinth.http.sitemap_urls")),
    # HealthMiddleware resolves these above the checks of host and scheme.
    path("health/", include("plinth.health.urls")),
    # {% if cookiecutter.rest_api != "none" %}
    path("api/v1/", include("plinth.api.urls")),
    # {% endif %}
    path("mail/", include("plinth.mail.urls")),
    # {% if cookiecutter.sign_up %}
    # Providers call one address, whatever the language.
    path("accounts/", include("plinth.sign_up.provider_urls")),
    # {% endif %}
    # Once for each of LANGUAGES.
    *i18n_patterns(
        path("", include("apps.pages.urls")),
        # {% if cookiecutter.sign_up %}
        # First: it answers at paths that both have, such as sign-in/.
        path("accounts/", include("plinth.sign_up.urls")),
        # {% endif %}
        path("accounts/", include("apps.accounts.urls")),
        # {% if cookiecutter.example_app %}
        path("catalog/", include("apps.catalog.urls")),
        # {% endif %}
        path("admin/", admin.site.urls),
        prefix_default_language=False,
    ),
]

if "plinth.practices" in settings.INSTALLED_APPS:
    urlpatterns += [path("practices/", include("plinth.practices.urls"))]

if settings.DEBUG:
    # Public uploads; in production the proxy or the CDN serves them.
    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)

# Development tools, installed by local settings.
urlpatterns += [path("", include("plinth.http.development_urls"))]

# Their page is templates/error.html.
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
# {% if cookiecutter.sign_up %}
handler429 = errors.too_many_requests
# {% endif %}
handler500 = errors.server_error
