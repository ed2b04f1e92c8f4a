"""Background work: how tasks are kept, tried again and sent."""

from tests.mutations import Mutation, append, replace

BASE = "config/settings/base.py"
CELERY = "config/celery.py"
SERVICES = "apps/catalog/imports.py"
RECEIVER = """

from django.db.models.signals import post_save
from django.dispatch import receiver


@receiver(post_save)
def touch(sender: object, instance: Product, **kwargs: object) -> None:
    Product.objects.filter(pk=1).update(name="touched")
"""

MUTATIONS = [
    Mutation(
        27, "acknowledged-first", replace(BASE, "ACKS_LATE = True", "ACKS_LATE = False")
    ),
    Mutation(
        27,
        "redis-gives-it-twice",
        replace(BASE, '"visibility_timeout": 2400', '"visibility_timeout": 300'),
    ),
    Mutation(
        27,
        "a-queue-on-one-disk",
        replace(
            BASE, 'DEFAULT_QUEUE_TYPE = "quorum"', 'DEFAULT_QUEUE_TYPE = "classic"'
        ),
    ),
    Mutation(
        27,
        "nothing-is-tried-again",
        replace(CELERY, "autoretry_for = PASSING", "autoretry_for = ()"),
    ),
    Mutation(
        27,
        "all-at-once",
        replace(CELERY, "retry_jitter = True", "retry_jitter = False"),
    ),
    Mutation(
        27,
        "a-request-waits",
        replace(CELERY, "if self.request.is_eager and exc:", "if False:"),
    ),
    Mutation(
        27,
        "sent-before-the-commit",
        replace(
            CELERY,
            "(DjangoTask[..., Any]):",
            "(DjangoTask[..., Any]):\n"
            "    def delay_on_commit(self, *args, **kwargs):\n"
            "        self.delay(*args, **kwargs)\n",
        ),
    ),
    Mutation(
        27,
        "done-twice",
        replace(
            "apps/jobs/services.py", "            return False", "            pass"
        ),
    ),
    Mutation(35, "a-receiver-writes", append("apps/catalog/models.py", RECEIVER)),
    Mutation(
        35,
        "sent-before-the-commit",
        replace(SERVICES, "delay_on_commit(", "delay("),
    ),
    Mutation(
        35,
        "receivers-are-not-looked-for",
        replace(
            "tests/tools/test_signals.py", '.endswith(".connect")', '.endswith("x")'
        ),
    ),
]
