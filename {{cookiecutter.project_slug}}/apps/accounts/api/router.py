from typing import Any

from django.http import HttpRequest
from ninja import Field, ModelSchema, Router

from apps.accounts.models import User
from plinth.api.ninja import Body, Text, TimeZone

router = Router(tags=["account"])


class ProfileOut(ModelSchema):
    class Meta:
        model = User
        fields = ["email", "name", "time_zone"]


class ProfileIn(Body):
    # Not the address, which opens the account: it needs the password, on the site.
    name: Text = Field("", max_length=150)
    time_zone: TimeZone = ""


@router.get("account/", response=ProfileOut)
def get_profile(request: HttpRequest) -> Any:
    return request.user


@router.patch("account/", response=ProfileOut)
def change_profile(request: HttpRequest, data: ProfileIn) -> Any:
    assert isinstance(request.user, User)  # no auth=None
    changes = data.dict(exclude_unset=True)
    for name, value in changes.items():
        setattr(request.user, name, value)
    request.user.save(update_fields=changes)
    return request.user
