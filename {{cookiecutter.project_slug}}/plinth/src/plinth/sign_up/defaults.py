"""Settings of allauth; a setting of the same name in the project overrides one."""

APPS = [
    # Above allauth, whose templates it overrides.
    "plinth.sign_up",
    # Of allauth's templates: "two minutes ago".
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

# A subclass of Django's, for which email addresses are EmailAddress rows too.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]

ACCOUNT_ADAPTER = "plinth.sign_up.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "change_password": "plinth.sign_up.forms.ChangePasswordForm",
    "login": "plinth.sign_up.forms.SignInForm",
    "signup": "plinth.sign_up.forms.SignUpForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Owners are notified of changes that they did not make.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Addresses, second factors and personal data ask for the password again, which then holds for
# five minutes.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
# plinth.http.throttle counts sign-ins, codes and old passwords. The rest is allauth's: see
# its documentation, or a name of yours to change a limit.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "change_password": None}

MFA_ADAPTER = "plinth.sign_up.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "plinth.sign_up.forms.AuthenticateForm",
    "reauthenticate": "plinth.sign_up.forms.ReauthenticateForm",
    "add_webauthn": "plinth.sign_up.forms.AddPasskeyForm",
    "authenticate_webauthn": "plinth.sign_up.forms.AuthenticatePasskeyForm",
    "login_webauthn": "plinth.sign_up.forms.LoginPasskeyForm",
    "reauthenticate_webauthn": "plinth.sign_up.forms.ReauthenticatePasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# One period of 30 seconds before and after: clocks differ.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = False

SOCIALACCOUNT_ADAPTER = "plinth.sign_up.social.SocialAccountAdapter"
# Tokens of providers are for nothing that this site does.
SOCIALACCOUNT_STORE_TOKENS = False

# Days until a requested deletion of an account is done.
ACCOUNT_DELETION_DAYS = 14
