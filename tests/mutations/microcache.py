"""What a process gives again for a moment: for how long, to whom, and until when."""

from tests.mutations import Mutation, replace

ANSWERS = "plinth/src/plinth/cache/microcache.py"

MUTATIONS = [
    Mutation(
        1,
        "without-end",
        replace(ANSWERS, "kept, MOMENT)", "kept, None)"),
        "test_an_answer_is_given_for_a_moment_only",
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
