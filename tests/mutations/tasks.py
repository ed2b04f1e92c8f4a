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
        27,
        "any-certificate",
        replace(BASE, '"ssl_cert_reqs": "required"', '"ssl_cert_reqs": "none"'),
        "test_a_broker_is_believed_by_its_certificate_and_its_name",
    ),
    Mutation(
        27,
        "acknowledged-first",
        replace(BASE, "ACKS_LATE = True", "ACKS_LATE = False"),
        "test_a_lost_worker_loses_no_task",
    ),
    Mutation(
        27,
        "redis-gives-it-twice",
        replace(BASE, '"visibility_timeout": 2400', '"visibility_timeout": 300'),
        "test_redis_gives_no_task_to_another_while_it_may_still_be_worked_on",
    ),
    Mutation(
        27,
        "nothing-is-tried-again",
        replace(CELERY, "autoretry_for = TRANSIENT_ERRORS", "autoretry_for = ()"),
        "test_what_passes_is_tried_again_later_and_later",
    ),
    Mutation(
        27,
        "a-request-waits",
        replace(CELERY, "if self.request.is_eager and exc:", "if False:"),
        "test_a_request_waits_for_no_second_try",
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
        "test_a_transaction_that_rolls_back_sends_nothing",
    ),
    Mutation(
        27,
        "done-twice",
        replace(
            "plinth/src/plinth/tasks/services.py",
            "            return False",
            "            pass",
        ),
        "test_what_is_called_twice_happens_once",
    ),
    Mutation(
        35,
        "a-receiver-writes",
        append("apps/catalog/models.py", RECEIVER),
        "test_the_code_has_none",
    ),
    Mutation(
        35,
        "sent-before-the-commit",
        replace(SERVICES, "delay_on_commit(", "delay("),
        "test_the_code_has_none",
    ),
]
