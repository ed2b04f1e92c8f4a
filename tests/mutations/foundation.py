"""What apps build on: cached pages, chunks, bulk writes, changed columns, lint rules."""

from tests.mutations import Mutation, replace

FORMS = "plinth/src/plinth/forms.py"
LINT = "plinth/src/plinth/practices/lint.py"
PAGES = "plinth/src/plinth/cache/pages.py"

MUTATIONS = [
    # Cached pages
    Mutation(
        1,
        "redis-for-each-request",
        replace(PAGES, '@method_decorator(microcache, "dispatch")\n', ""),
        "test_public_page_is_cached_in_the_process_for_a_second",
    ),
    Mutation(
        1,
        "outlives-a-release",
        replace(PAGES, "{settings.RELEASE}-", ""),
        "test_public_page_is_cached_by_language_and_release",
    ),
    Mutation(
        1,
        "outlives-an-invalidation",
        replace(
            "plinth/src/plinth/cache/versions.py",
            'transaction.on_commit(caches["process"].clear)',
            "pass",
        ),
        "test_invalidated_page_is_made_again",
    ),
    Mutation(
        1,
        "one-private-page-for-all",
        replace(
            PAGES,
            "vary_on_cookie(self.dispatch_rendered)",
            "self.dispatch_rendered",
        ),
        "test_private_page_is_cached_for_one_cookie",
    ),
    # Conditional requests
    Mutation(
        55,
        "same-for-changed-data",
        replace(PAGES, "            modified,\n", ""),
        "test_etag_changes_with",
    ),
    Mutation(
        55,
        "same-for-another-user",
        replace(PAGES, '            request.headers.get("Cookie"),\n', ""),
        "test_etag_changes_with",
    ),
    Mutation(
        55,
        "private-page-in-proxies",
        replace(PAGES, "cache_control(private=True, no_cache=True)(view)", "view"),
        "test_own_page_is_cached_for_its_user",
    ),
    # Bulk writes
    Mutation(
        7,
        "batch-row-by-row",
        replace(
            "plinth/src/plinth/data/importer.py",
            "self.save(unique.values())",
            "[self.save([item]) for item in unique.values()]",
        ),
        "test_a_batch_is_saved_by_one_statement",
    ),
    Mutation(
        7,
        "unnamed-columns-lost",
        replace(
            "plinth/src/plinth/database/upsert.py",
            "update_fields=target.update_fields,",
            'update_fields=[*target.update_fields, "count"],',
        ),
        "test_known_rows_are_updated_in_their_named_columns",
    ),
    Mutation(
        7,
        "comprehensions-not-linted",
        replace(LINT, "isinstance(loop, LOOPS)", "isinstance(loop, ast.For)"),
        "test_save_in_a_loop_is_found",
    ),
    # iterator
    Mutation(
        8,
        "all-rows-in-memory",
        replace(
            "plinth/src/plinth/database/chunks.py",
            ".iterator(chunk_size=chunk_size)",
            "",
        ),
        "test_memory_does_not_grow_with_the_rows",
    ),
    # update_fields
    Mutation(
        13,
        "unchanged-columns-too",
        replace(FORMS, "if field.name in form.changed_data or", "if field.editable or"),
        "test_concurrent_change_of_another_column_survives",
    ),
    Mutation(
        13,
        "admin-saves-the-row",
        replace(
            "plinth/src/plinth/admin.py",
            "model_files.save(obj, changed_fields(form))",
            "obj.save()",
        ),
        "test_changed_columns_alone_are_saved",
    ),
    # Streaming
    Mutation(
        18,
        "read-to-the-end-first",
        replace(
            "plinth/src/plinth/data/writers.py",
            "batched(rows, 500,",
            "batched(list(rows), 500,",
        ),
        "test_csv_is_written_while_rows_are_read",
    ),
    # Signals
    Mutation(
        35,
        "connected-functions-not-linted",
        replace(LINT, "[ast.Name(name), *_]", "[ast.Constant(name), *_]"),
        "test_receiver_that_writes_is_found",
    ),
    Mutation(
        35,
        "tasks-in-a-transaction-pass",
        replace(LINT, "if name in ENQUEUES", "if False"),
        "test_task_enqueued_before_the_commit_is_found",
    ),
    # exists
    Mutation(
        69,
        "comparisons-not-linted",
        replace(
            LINT, "                conditions = [left]\n", "                continue\n"
        ),
        "test_count_as_a_condition_is_found",
    ),
    # Simple lambdas
    Mutation(
        70,
        "nested-lambdas-pass",
        replace(LINT, "{ast.Lambda, ast.IfExp, ast.NamedExpr}", "{ast.NamedExpr}"),
        "test_complex_lambda_is_found",
    ),
    Mutation(
        70,
        "long-lambdas-pass",
        replace(LINT, "if long or", "if"),
        "test_complex_lambda_is_found",
    ),
]
