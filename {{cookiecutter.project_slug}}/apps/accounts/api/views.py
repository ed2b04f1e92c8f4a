from rest_framework import serializers

from apps.accounts.models import User
from plinth.api import drf, drf_views


class ProfileSerializer(drf.BodyMixin, serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["email", "name", "time_zone"]
        # A new address opens the account: it needs the password, on the site.
        read_only_fields = ["email"]


class ProfileView(drf_views.ProfileView):
    serializer_class = ProfileSerializer
