"""Social providers from environment variables."""

from typing import Any

from plinth.env import Env, fail

# The variables of each provider, which come all together, and the fields of its app.
VARIABLES = {
    "google": {"GOOGLE_CLIENT_ID": "client_id", "GOOGLE_CLIENT_SECRET": "secret"},
    "github": {"GITHUB_CLIENT_ID": "client_id", "GITHUB_CLIENT_SECRET": "secret"},
    "microsoft": {
        "MICROSOFT_CLIENT_ID": "client_id",
        "MICROSOFT_CLIENT_SECRET": "secret",
    },
    "apple": {
        "APPLE_CLIENT_ID": "client_id",
        "APPLE_KEY_ID": "secret",
        "APPLE_TEAM_ID": "key",
        "APPLE_PRIVATE_KEY": "certificate_key",
    },
    "openid_connect": {
        "OIDC_CLIENT_ID": "client_id",
        "OIDC_CLIENT_SECRET": "secret",
        "OIDC_SERVER_URL": "server_url",
    },
}
# What is of `settings` in an app.
SETTINGS = {"certificate_key", "server_url"}
# The least that identifies a user.
SCOPES = {"google": ["profile", "email"], "github": ["user:email"]}


def providers(env: Env) -> tuple[list[str], dict[str, Any]]:
    """Return the apps to install and SOCIALACCOUNT_PROVIDERS; without variables, neither."""
    found: dict[str, Any] = {}
    for provider, variables in VARIABLES.items():
        values = {
            field: env.url(name, "https", "http")
            if field == "server_url"
            else env(name)
            for name, field in variables.items()
        }
        if not any(values.values()):
            continue
        for name, field in variables.items():
            if not values[field]:
                fail(name, f"set too: {', '.join(variables)} belong together")
            is_key = field == "certificate_key"
            if is_key and not values[field].startswith("-----BEGIN"):
                fail(name, "the content of a key's file, which starts with -----BEGIN")
        app: dict[str, Any] = {
            field: value for field, value in values.items() if field not in SETTINGS
        }
        app["settings"] = {
            field: value for field, value in values.items() if field in SETTINGS
        }
        if provider == "openid_connect":
            name = env("OIDC_NAME", default="Single sign-on")
            app |= {"provider_id": "oidc", "name": name}
        found[provider] = {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
        if provider in SCOPES:
            found[provider]["SCOPE"] = SCOPES[provider]
    apps = [f"allauth.socialaccount.providers.{provider}" for provider in found]
    return (["allauth.socialaccount", *apps] if found else []), found
