"""Delivery errors of SMTP servers and email providers: transient or permanent."""

from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPResponseException

from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
)

# SMTP's errors are subclasses of OSError.
DELIVERY_ERRORS = (OSError, AnymailError)

# SMTP: 4xx is transient, 5xx is permanent.
PERMANENT_SMTP = 500

# HTTP statuses and SES codes of a message that is rejected as such. Errors of the
# account, a wrong key or an unpaid bill, count as transient: the message is retried
# until they are resolved.
PERMANENT_STATUSES = {400, 406, 413, 422}
PERMANENT_CODES = {"BadRequestException", "MessageRejected"}


def is_permanent(error: Exception) -> bool:
    """Whether a retry of the same message would fail again."""
    match error:
        case SMTPRecipientsRefused():
            return all(code >= PERMANENT_SMTP for code, _ in error.recipients.values())
        case SMTPDataError():
            return error.smtp_code >= PERMANENT_SMTP
        case AnymailRecipientsRefused() | AnymailInvalidAddress():
            return True
        case AnymailAPIError(response=dict() as answer):  # Amazon SES
            return answer.get("Error", {}).get("Code") in PERMANENT_CODES
        case AnymailAPIError():
            return error.status_code in PERMANENT_STATUSES
    return False


def describe(error: Exception) -> str:
    """Return an error's class and status, without its text, which may hold an address."""
    status: object
    match error:
        case SMTPRecipientsRefused():
            status = max(code for code, _ in error.recipients.values())
        case SMTPResponseException():
            status = error.smtp_code
        case AnymailAPIError(response=dict() as answer):
            status = answer.get("Error", {}).get("Code")
        case _:
            status = getattr(error, "status_code", None)
    return f"{type(error).__name__} {status}" if status else type(error).__name__
