from django.contrib import admin

from plinth.accounts.admin import EmailUserAdmin

from .models import User

admin.site.register(User, EmailUserAdmin)
