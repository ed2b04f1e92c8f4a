from functools import partial

from django.urls import URLPattern, URLResolver, path
from django.utils.module_loading import import_string
from ninja.openapi.views import openapi_json

from .discovery import modules
from .ninja import Api, router

# The folder of Swagger UI among the static files.
swagger = "ninja"

api = Api()
api.add_router("account", router)
for module in modules("api.router"):
    api.add_router("", import_string(f"{module}.router"))

urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", partial(openapi_json, api=api), name="schema"),
    *api.urls[0],
]
