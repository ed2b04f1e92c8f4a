"""What goes wrong while mail is handed over: what passes, and what is said once for all."""

from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPResponseException

from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
)

# SMTP's errors are kinds of OSError.
KINDS = (OSError, AnymailError)

# Of SMTP: from here on, no is no.
PERMANENT = 500

# What providers answer to a message that they will never take. A wrong key or an unpaid
# bill is no such thing: somebody repairs it, and the message is still wanted.
PERMANENT_STATUSES = {400, 406, 413, 422}
PERMANENT_CODES = {"BadRequestException", "MessageRejected"}


def is_permanent(error: Exception) -> bool:
    """Whether the same message would be refused again, so that nobody tries."""
    match error:
        case SMTPRecipientsRefused():
            return all(code >= PERMANENT for code, _ in error.recipients.values())
        case SMTPDataError():
            return error.smtp_code >= PERMANENT
        case AnymailRecipientsRefused() | AnymailInvalidAddress():
            return True
        case AnymailAPIError(response=dict() as answer):  # Amazon's
            return answer.get("Error", {}).get("Code") in PERMANENT_CODES
        case AnymailAPIError():
            return error.status_code in PERMANENT_STATUSES
    return False


def describe(error: Exception) -> str:
    """Name an error and its status, without the rest, which may hold an address."""
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
