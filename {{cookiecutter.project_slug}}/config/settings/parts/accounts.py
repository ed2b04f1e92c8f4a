"""Sign-up, second factors and social providers: docs/accounts.md.

plinth/src/plinth/sign_up/defaults.py has the rest and its reasons: the ACCOUNT_*, MFA_* and
SOCIALACCOUNT_* settings of allauth. One of the same name here overrides it.
"""

from config.settings.environment import env
from plinth.sign_up.defaults import *
from plinth.sign_up.defaults import APPS
from plinth.sign_up.providers import providers

# The providers whose variables are set: GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET...
SOCIAL_APPS, SOCIALACCOUNT_PROVIDERS = providers(env)
SIGN_UP_APPS = [*APPS, *SOCIAL_APPS]
# Mobile apps sign up and in at /accounts/app/v1/.
if env.bool("SIGN_UP_HEADLESS", default=False):
    SIGN_UP_APPS += ["allauth.headless"]

ACCOUNT_SIGNUP_ENABLED = env.bool("SIGN_UP_OPEN", default=True)
# Staff see nothing but their account until they have used a second factor.
STAFF_MFA_REQUIRED = env.bool("STAFF_MFA_REQUIRED", default=False)
