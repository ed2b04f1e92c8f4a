"""The example app: its cached pages, its queries and its writes."""

from collections.abc import Callable
from pathlib import Path

from tests.mutations import Mutation, replace

ADMIN = "apps/catalog/admin.py"
IMPORTS = "apps/catalog/imports.py"
INDEXES = "apps/catalog/migrations/0002_indexes.py"
MODELS = "apps/catalog/models.py"
QUERYSETS = "apps/catalog/querysets.py"
SERVICES = "apps/catalog/services.py"
VIEWS = "apps/catalog/views.py"
HOME = "templates/catalog/home.html"
PRODUCT = "templates/catalog/product.html"


def all_of(*changes: Callable[[Path], object]) -> Callable[[Path], object]:
    def change(project: Path) -> None:
        for one in changes:
            one(project)

    return change


MUTATIONS = [
    # Cached pages
    Mutation(
        1,
        "home-not-cached",
        replace(VIEWS, "HomeView(PublicPageMixin, ", "HomeView("),
        "test_home_page_is_cached_for_everybody",
    ),
    Mutation(
        1,
        "home-shows-its-user",
        replace(HOME, "block account", "block aside"),
        "test_home_page_is_cached_for_everybody",
    ),
    Mutation(
        1,
        "home-not-invalidated",
        replace(SERVICES, "        versions.invalidate(PRODUCTS)\n", ""),
        "test_home_page_is_cached_for_everybody",
    ),
    Mutation(
        1,
        "home-not-invalidated-by-the-admin",
        replace(
            ADMIN,
            "(services.CATEGORIES, services.PRODUCTS)",
            "(services.CATEGORIES,)",
        ),
        "test_renamed_category_is_on_the_home_page_at_once",
    ),
    Mutation(
        1,
        "own-page-not-invalidated",
        replace(
            VIEWS, "return services.reviews_by(self.request.user.pk)", 'return "a"'
        ),
        "test_own_page_is_cached_for_its_user",
    ),
    # Cached fragments
    Mutation(
        2,
        "one-for-all",
        replace(PRODUCT, "product.category_id excluded version", "version"),
        "test_fragment_is_cached_for_its_category",
    ),
    Mutation(
        2,
        "not-invalidated",
        replace(PRODUCT, "excluded version %}", "excluded %}"),
        "test_fragment_is_cached_for_its_category",
    ),
    Mutation(
        2,
        "queried-in-vain",
        replace(
            VIEWS,
            'others.exclude(pk=excluded).for_list().order_by("-id")[:MORE]',
            'list(others.exclude(pk=excluded).for_list().order_by("-id")[:MORE])',
        ),
        "test_fragment_is_cached_for_its_category",
    ),
    # Bulk writes
    Mutation(
        7,
        "row-by-row",
        replace(
            IMPORTS,
            "        upsert(Product, Entry._fields, items, ",
            "        for item in items:\n"
            "            upsert(Product, Entry._fields, [item], ",
        ),
        "test_a_batch_is_saved_by_one_statement",
    ),
    # iterator
    Mutation(
        8,
        "one-chunk",
        replace(
            QUERYSETS, "chunks.iterate(rows, CHUNK_SIZE)", "chunks.iterate(rows, 10**6)"
        ),
        "test_export_holds_two_chunks_of_its_rows",
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
        "test_list_with_categories_and_tags_is_two_queries",
    ),
    Mutation(
        9,
        "authors-not-joined",
        replace(QUERYSETS, '.select_related("user")', ""),
        "test_products_with_reviews_and_authors_are_three_queries",
    ),
    Mutation(
        9,
        "not-in-the-admin",
        replace(
            ADMIN,
            'list_select_related = ["product", "user"]',
            "list_select_related = ()",
        ),
        "test_list_makes_as_many_queries_for_few_rows_as_for_many",
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
        "test_list_with_categories_and_tags_is_two_queries",
    ),
    Mutation(
        10,
        "reviews-row-by-row",
        replace(QUERYSETS, ".prefetch_related(newest_reviews())", ""),
        "test_products_with_reviews_and_authors_are_three_queries",
    ),
    # values_list
    Mutation(
        11,
        "every-column",
        replace(QUERYSETS, "values_list(*EXPORTED.values())", "values_list()"),
        "test_export_selects_its_columns_alone",
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
        "test_list_loads_its_columns_alone",
    ),
    Mutation(
        12,
        "everything",
        replace(
            QUERYSETS, '"thumbnail",', '"thumbnail",\n                "description",'
        ),
        "test_list_loads_its_columns_alone",
    ),
    # update_fields
    Mutation(
        13,
        "every-column",
        replace(
            SERVICES,
            '{*changed, "modified"}',
            "{it.name for it in product._meta.concrete_fields if it.name != 'id'}",
        ),
        "test_changed_columns_alone_are_updated",
    ),
    Mutation(
        13,
        "counted-in-python",
        replace(
            SERVICES,
            'F("review_count")',
            "Product.objects.get(pk=product_id).review_count",
        ),
        "test_counters_are_added_to_in_the_database",
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
        "test_indexes_are_created_concurrently",
    ),
    # Streaming
    Mutation(
        18,
        "sent-in-one",
        replace(VIEWS, "return StreamingHttpResponse(", "return HttpResponse("),
        "test_export_is_streamed_with_the_permission",
    ),
    Mutation(
        18,
        "read-first",
        replace(
            VIEWS,
            "Product.objects.published().export()",
            "list(Product.objects.published().export())",
        ),
        "test_export_is_streamed_with_the_permission",
    ),
    # Conditional requests
    Mutation(
        55,
        "product-sent-each-time",
        replace(VIEWS, "ProductView(ConditionalPageMixin, ", "ProductView("),
        "test_unchanged_page_is_answered_with_304",
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
        "test_own_review_is_looked_up_by_exists",
    ),
]
