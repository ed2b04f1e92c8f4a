"""What a process gives again for a moment: for how long, to whom, and until when."""

from tests.mutations import Mutation, replace

ANSWERS = "plinth/src/plinth/cache/microcache.py"

MUTATIONS = [
    Mutation(
        1,
        "redis-asked-each-time",
        replace(
            "apps/catalog/views.py",
            '@method_decorator(microcache, "dispatch")\n',
            "",
        ),
        "test_a_busy_process_does_not_ask_the_cache_for_the_home_page",
    ),
    Mutation(
        1,
        "without-end",
        replace(ANSWERS, "kept, MOMENT)", "kept, None)"),
        "test_an_answer_is_given_for_a_moment_only",
    ),
    Mutation(
        1,
        "outlives-a-change",
        replace(
            "plinth/src/plinth/cache/versions.py",
            'transaction.on_commit(caches["process"].clear)',
            "pass",
        ),
        "test_a_change_of_a_product_is_on_the_home_page_at_once",
    ),
    Mutation(
        1,
        "one-for-all-hosts",
        replace(ANSWERS, "request.get_host(), ", ""),
        "test_another_question_gets_another_answer",
    ),
    Mutation(
        1,
        "of-one-visitor",
        replace(ANSWERS, "and not response.cookies", ""),
        "test_what_is_not_for_everybody_is_not_given_again",
    ),
    Mutation(
        1,
        "private-too",
        replace(ANSWERS, '"private" not in', '"secret" not in'),
        "test_what_is_not_for_everybody_is_not_given_again",
    ),
]
