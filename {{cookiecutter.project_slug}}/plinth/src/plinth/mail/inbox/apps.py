from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "plinth.mail.inbox"
    home_link = {
        "url": "inbox:list",
        "name": "Inbox",
        "summary": "Mail that the site sends ends up here, while EMAIL_URL names no "
        "server. Only you see it: production has no such page.",
    }
