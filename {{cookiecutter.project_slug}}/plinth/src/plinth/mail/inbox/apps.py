from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "plinth.mail.inbox"
    home_link = {
        "url": "inbox:list",
        "name": "Inbox",
        "summary": "Mail that the site sends during development, while EMAIL_URL is empty. "
        "Production has no such page.",
    }
