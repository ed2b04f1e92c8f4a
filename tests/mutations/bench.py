"""What a process gives again for a moment: for how long, to whom, and until when."""

from tests.mutations import Mutation, replace

ANSWERS = "apps/core/answers.py"

MUTATIONS = [
    Mutation(
        1,
        "redis-asked-each-time",
        replace(
            "apps/catalog/views.py",
            '@method_decorator(kept_for_a_moment, "dispatch")\n',
            "",
        ),
    ),
    Mutation(1, "a-long-moment", replace(ANSWERS, "MOMENT = 1\n", "MOMENT = 300\n")),
    Mutation(1, "without-end", replace(ANSWERS, "kept, MOMENT)", "kept, None)")),
    Mutation(
        1,
        "outlives-a-change",
        replace(
            "apps/core/caching.py",
            'transaction.on_commit(caches["process"].clear)',
            "pass",
        ),
    ),
    Mutation(1, "one-for-all-queries", replace(ANSWERS, "get_full_path()", "path")),
    Mutation(1, "one-for-all-hosts", replace(ANSWERS, "request.get_host(), ", "")),
    Mutation(1, "one-for-all-languages", replace(ANSWERS, ", get_language()", "")),
    Mutation(1, "of-one-visitor", replace(ANSWERS, "and not response.cookies", "")),
    Mutation(1, "private-too", replace(ANSWERS, '"private" not in', '"secret" not in')),
    Mutation(
        1,
        "errors-too",
        replace(ANSWERS, "response.status_code == HTTPStatus.OK", "True"),
    ),
    Mutation(1, "any-method", replace(ANSWERS, 'request.method == "GET"', "True")),
]
