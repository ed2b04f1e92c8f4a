"""The example app: what it keeps, what it asks of the database, what it writes."""

from collections.abc import Callable
from pathlib import Path

from tests.mutations import Mutation, append, replace

ADMIN = "apps/catalog/admin.py"
BULK = "apps/catalog/bulk.py"
FORMATS = "apps/catalog/formats.py"
INDEXES = "apps/catalog/migrations/0002_indexes.py"
MODELS = "apps/catalog/models.py"
QUERYSETS = "apps/catalog/querysets.py"
SERVICES = "apps/catalog/services.py"
VIEWS = "apps/catalog/views.py"
HOME = "templates/catalog/home.html"
PRODUCT = "templates/catalog/product.html"

BY_COOKIE = "        view = vary_on_cookie(super().dispatch)\n"
KEPT = "        view = cache_page(OWN_PAGE, key_prefix=prefix)(view)\n"
PRIVATE = "        view = cache_control(private=True, no_cache=True)(view)\n"
OWNER = (
    "prefix = versions.current(services.reviews_of(request.session.get(SESSION_KEY)))"
)


def all_of(*changes: Callable[[Path], object]) -> Callable[[Path], object]:
    def change(project: Path) -> None:
        for one in changes:
            one(project)

    return change


MUTATIONS = [
    # Kept pages
    Mutation(
        1,
        "home-not-kept",
        replace(
            VIEWS,
            "cache_page(PUBLIC_PAGE, key_prefix=prefix)(super().dispatch)",
            "super().dispatch",
        ),
        "test_the_home_page_is_made_once_for_all",
    ),
    Mutation(
        1,
        "home-knows-its-visitor",
        replace(HOME, "block account", "block aside"),
        "test_the_home_page_is_made_once_for_all",
    ),
    Mutation(
        1,
        "never-dropped",
        replace(VIEWS, "-{versions.current(services.PRODUCTS)}", ""),
        "test_a_change_of_a_product_is_on_the_home_page_at_once",
    ),
    Mutation(
        1,
        "by-url-alone",
        all_of(
            replace(
                VIEWS, BY_COOKIE + KEPT, KEPT.replace("(view)", "(super().dispatch)")
            ),
            replace(VIEWS, OWNER, 'prefix = ""'),
        ),
        "test_ones_own_page_is_made_once_for_oneself",
    ),
    Mutation(
        1,
        "cookie-outside",
        replace(
            VIEWS,
            BY_COOKIE + KEPT,
            KEPT.replace("(view)", "(super().dispatch)")
            + BY_COOKIE.replace("super().dispatch", "view"),
        ),
        "test_one_page_of_somebody_is_not_shown_in_their_other_browser",
    ),
    Mutation(
        1,
        "own-page-is-old",
        replace(VIEWS, OWNER, 'prefix = "own"'),
        "test_a_new_review_is_on_ones_own_page_at_once",
    ),
    # Kept fragments
    Mutation(
        2,
        "one-for-all",
        replace(PRODUCT, "product.category_id version", "version"),
        "test_a_fragment_is_made_once_for_each_category",
    ),
    Mutation(
        2,
        "never-dropped",
        replace(PRODUCT, "category_id version", "category_id"),
        "test_a_fragment_is_made_once_for_each_category",
    ),
    Mutation(
        2,
        "asked-for-in-vain",
        replace(
            VIEWS,
            'partial(in_category.listed().page, "newest")',
            'in_category.listed().page("newest")',
        ),
        "test_a_fragment_is_made_once_for_each_category",
    ),
    # Bulk writes
    Mutation(
        7,
        "row-by-row",
        replace(
            SERVICES,
            "upsert(by_sku.values())",
            "[upsert([entry]) for entry in by_sku.values()]",
        ),
        "test_a_thousand_rows_are_saved_by_one_statement",
    ),
    Mutation(
        7,
        "counters-lost",
        replace(BULK, '"description", "modified"],', '"review_count"],'),
        "test_a_known_product_is_changed_and_keeps_its_counters",
    ),
    Mutation(
        7,
        "saved-in-a-loop",
        append(
            SERVICES,
            "\n\ndef add_categories(names: list[str]) -> None:\n"
            "    for name in names:\n"
            "        Category.objects.create(name=name)\n",
        ),
        "test_the_code_has_none",
    ),
    # iterator
    Mutation(
        8,
        "a-plain-loop",
        replace(QUERYSETS, "rows.iterator(chunk_size=CHUNK_SIZE)", "rows"),
        "test_an_export_needs_no_more_memory_for_more_rows",
    ),
    Mutation(
        8,
        "one-chunk",
        replace(QUERYSETS, "CHUNK_SIZE = 2_000", "CHUNK_SIZE = 10**6"),
        "test_an_export_needs_no_more_memory_for_more_rows",
    ),
    # select_related
    Mutation(
        9,
        "not-joined",
        replace(
            QUERYSETS,
            'self.select_related("category")\n            .only(',
            "self\n            .only(",
        ),
        "test_a_list_with_its_categories_is_one_query",
    ),
    Mutation(
        9,
        "authors-not-joined",
        replace(QUERYSETS, '.select_related("user")', ""),
        "test_the_reviews_of_products_are_one_query_with_the_names_of_their_authors",
    ),
    Mutation(
        9,
        "not-in-the-admin",
        replace(
            ADMIN,
            'list_select_related = ["product", "user"]',
            "list_select_related = ()",
        ),
        "test_a_list_makes_the_same_few_queries_for_any_number_of_rows",
    ),
    # prefetch_related
    Mutation(
        10,
        "tags-row-by-row",
        replace(
            QUERYSETS,
            ')\n            .prefetch_related("tags")\n            .fetch_mode(FETCH_RAISE)',
            ")",
        ),
        "test_the_tags_of_a_list_are_one_more_query",
    ),
    Mutation(
        10,
        "reviews-row-by-row",
        replace(QUERYSETS, '"tags", newest_reviews()', '"tags"'),
        "test_the_reviews_of_products_are_one_query_with_the_names_of_their_authors",
    ),
    # values_list
    Mutation(
        11,
        "every-column",
        replace(QUERYSETS, "values_list(*EXPORTED.values())", "values_list()"),
        "test_an_export_selects_the_exports_columns",
    ),
    Mutation(
        11,
        "objects",
        all_of(
            replace(
                QUERYSETS,
                ".values_list(*EXPORTED.values())",
                '.select_related("category")',
            ),
            replace(
                QUERYSETS,
                "yield from rows.iterator(chunk_size=CHUNK_SIZE)",
                "yield from ((p.sku, p.name, p.category.name, p.price, p.description,"
                " p.review_count) for p in rows.iterator(chunk_size=CHUNK_SIZE))",
            ),
        ),
        "test_an_export_selects_the_exports_columns",
    ),
    # only
    Mutation(
        12,
        "fetched-in-silence",
        replace(
            QUERYSETS,
            '.prefetch_related("tags")\n            .fetch_mode(FETCH_RAISE)',
            '.prefetch_related("tags")',
        ),
        "test_a_field_that_was_not_loaded_raises_in_code",
    ),
    Mutation(
        12,
        "everything",
        replace(QUERYSETS, '"product__sku", "product__name"', '"product"'),
        "test_somebodys_reviews_load_what_their_page_shows",
    ),
    # update_fields
    Mutation(
        13,
        "every-column",
        replace(SERVICES, "update_fields=fields if product.pk else None", ""),
        "test_an_update_names_the_columns_that_changed",
    ),
    Mutation(
        13,
        "counted-in-python",
        replace(
            SERVICES,
            'F("review_count")',
            "Product.objects.get(pk=product_id).review_count",
        ),
        "test_a_review_is_added_to_the_counters_in_the_database",
    ),
    Mutation(
        13,
        "not-in-the-admin",
        replace(
            ADMIN,
            'changed=[name for name in form.changed_data if name != "tags"]',
            'changed=[name for name in form.fields if name != "tags"]',
        ),
        "test_two_who_edit_different_fields_of_a_product_both_do",
    ),
    # Indexes
    Mutation(
        17,
        "none-for-the-price",
        all_of(
            replace(
                MODELS,
                """            models.Index(
                fields=["price", "id"], condition=PUBLISHED, name="catalog_price"
            ),
""",
                "",
            ),
            replace(
                INDEXES,
                """        AddIndexOnline(
            "product",
            models.Index(
                fields=["price", "id"], condition=PUBLISHED, name="catalog_price"
            ),
        ),
""",
                "",
            ),
        ),
        "test_an_index_answers",
    ),
    Mutation(
        17,
        "not-covering",
        all_of(
            *(
                replace(path, '["product", "rating"]', '["rating"]')
                for path in (MODELS, INDEXES)
            )
        ),
        "test_an_index_answers",
    ),
    Mutation(
        17,
        "writers-wait",
        replace(INDEXES, "AddIndexOnline(", "migrations.AddIndex("),
        "test_each_index_is_made_while_others_write",
    ),
    # Streaming
    Mutation(
        18,
        "sent-in-one",
        replace(VIEWS, "return StreamingHttpResponse(", "return HttpResponse("),
        "test_an_export_is_streamed_to_who_may_see_it",
    ),
    Mutation(
        18,
        "read-first",
        replace(
            VIEWS,
            "formats.write_csv(Product.objects.published().export())",
            "formats.write_csv(list(Product.objects.published().export()))",
        ),
        "test_an_export_starts_before_a_row_is_read",
    ),
    Mutation(
        18,
        "written-first",
        replace(FORMATS, "batched(rows, 500,", "batched(rows, 10**6,"),
        "test_an_export_is_written_while_it_is_read",
    ),
    # Browsers
    Mutation(
        55,
        "always-sent",
        replace(VIEWS, "f'\"{etag}\"'", "None"),
        "test_a_page_that_has_not_changed_is_not_sent_again",
    ),
    Mutation(
        55,
        "never-sent-again",
        replace(VIEWS, "            modified,\n", ""),
        "test_a_page_is_sent_again_when_somebody_reviews_the_product",
    ),
    Mutation(
        55,
        "of-who-asked-before",
        replace(VIEWS, '            request.headers.get("Cookie"),\n', ""),
        "test_a_page_is_sent_again_to_who_signs_in",
    ),
    Mutation(
        55,
        "own-page-kept-on-the-way",
        replace(VIEWS, PRIVATE, ""),
        "test_ones_own_page_is_made_once_for_oneself",
    ),
    Mutation(
        55,
        "lost-by-compression",
        replace(
            "plinth/src/plinth/http/middleware.py",
            "super().maybe_compress(request, response)",
            'super().maybe_compress(request, response); response.headers.pop("ETag", 0)',
        ),
        "test_a_page_that_has_not_changed_is_not_sent_again",
    ),
    # exists
    Mutation(
        69,
        "counted",
        replace(
            VIEWS,
            "reviews.filter(user=user).exists()",
            "reviews.filter(user=user).count() > 0",
        ),
        "test_a_product_asks_whether_there_is_a_review_for_one_row",
    ),
    Mutation(
        69,
        "counted-elsewhere",
        append(
            SERVICES,
            "\n\ndef is_empty() -> bool:\n    return not Product.objects.count()\n",
        ),
        "test_the_code_has_none",
    ),
]
