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
    "prefix = caching.version(services.reviews_of(request.session.get(SESSION_KEY)))"
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
    ),
    Mutation(
        1, "home-knows-its-visitor", replace(HOME, "block account", "block aside")
    ),
    Mutation(
        1, "never-dropped", replace(VIEWS, "-{caching.version(services.PRODUCTS)}", "")
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
    ),
    Mutation(
        1,
        "private-inside",
        replace(VIEWS, KEPT + PRIVATE, PRIVATE + KEPT),
    ),
    Mutation(1, "own-page-is-old", replace(VIEWS, OWNER, 'prefix = "own"')),
    # Kept fragments
    Mutation(
        2,
        "not-kept",
        all_of(
            replace(PRODUCT, "{% cache 300", "{% with x=1 %}{#"),
            replace(PRODUCT, "product.category_id version %}", "#}"),
            replace(PRODUCT, "endcache", "endwith"),
        ),
    ),
    Mutation(
        2, "one-for-all", replace(PRODUCT, "product.category_id version", "version")
    ),
    Mutation(
        2, "never-dropped", replace(PRODUCT, "category_id version", "category_id")
    ),
    Mutation(
        2,
        "asked-for-in-vain",
        replace(
            VIEWS,
            'partial(in_category.listed().page, "newest")',
            'in_category.listed().page("newest")',
        ),
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
    ),
    Mutation(
        7, "small-batches", replace(BULK, "BATCH_SIZE = 5_000", "BATCH_SIZE = 10")
    ),
    Mutation(
        7,
        "counters-lost",
        replace(BULK, '"description", "modified"],', '"review_count"],'),
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
    ),
    # iterator
    Mutation(
        8,
        "a-list",
        replace(QUERYSETS, "rows.iterator(chunk_size=CHUNK_SIZE)", "list(rows)"),
    ),
    Mutation(
        8,
        "a-plain-loop",
        replace(QUERYSETS, "rows.iterator(chunk_size=CHUNK_SIZE)", "rows"),
    ),
    Mutation(
        8, "one-chunk", replace(QUERYSETS, "CHUNK_SIZE = 2_000", "CHUNK_SIZE = 10**6")
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
    ),
    Mutation(
        9,
        "asked-for-row-by-row",
        all_of(
            replace(
                QUERYSETS,
                'self.select_related("category")\n            .only(',
                "self.only(",
            ),
            replace(
                QUERYSETS,
                '"category__name",\n                "category__slug"',
                '"category"',
            ),
            replace(
                QUERYSETS,
                "from django.db.models import FETCH_RAISE",
                "from django.db.models import FETCH_ONE as FETCH_RAISE",
            ),
        ),
    ),
    Mutation(
        9, "bare", replace(QUERYSETS, 'select_related("category")', "select_related()")
    ),
    Mutation(
        9, "authors-not-joined", replace(QUERYSETS, '.select_related("user")', "")
    ),
    Mutation(
        9,
        "not-in-the-admin",
        replace(
            ADMIN,
            'list_select_related = ["product", "user"]',
            "list_select_related = ()",
        ),
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
    ),
    Mutation(
        10, "addresses-of-authors", replace(QUERYSETS, '"user__name"', '"user__email"')
    ),
    Mutation(
        10,
        "reviews-row-by-row",
        replace(QUERYSETS, '"tags", newest_reviews()', '"tags"'),
    ),
    # values_list
    Mutation(
        11,
        "every-column",
        replace(QUERYSETS, "values_list(*EXPORTED.values())", "values_list()"),
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
    ),
    # only
    Mutation(
        12,
        "defer-instead",
        replace(
            QUERYSETS,
            '            .only(\n                "sku"',
            '            .defer(\n                "sku"',
        ),
    ),
    Mutation(
        12,
        "fetched-in-silence",
        replace(
            QUERYSETS,
            '.prefetch_related("tags")\n            .fetch_mode(FETCH_RAISE)',
            '.prefetch_related("tags")',
        ),
    ),
    Mutation(
        12,
        "everything",
        replace(QUERYSETS, '"product__sku", "product__name"', '"product"'),
    ),
    # update_fields
    Mutation(
        13,
        "every-column",
        replace(SERVICES, "update_fields=fields if product.pk else None", ""),
    ),
    Mutation(
        13,
        "a-review-too",
        replace(
            SERVICES, 'review.save(update_fields=["rating", "body"])', "review.save()"
        ),
    ),
    Mutation(
        13,
        "counted-in-python",
        replace(
            SERVICES,
            'F("review_count")',
            "Product.objects.get(pk=product_id).review_count",
        ),
    ),
    Mutation(
        13,
        "not-in-the-admin",
        replace(
            ADMIN,
            'changed=[name for name in form.changed_data if name != "tags"]',
            'changed=[name for name in form.fields if name != "tags"]',
        ),
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
    ),
    Mutation(
        17,
        "no-order",
        all_of(
            *(
                replace(path, '["category", "price", "id"]', '["category", "id"]')
                for path in (MODELS, INDEXES)
            )
        ),
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
    ),
    Mutation(
        17, "writers-wait", replace(INDEXES, "AddIndexOnline(", "migrations.AddIndex(")
    ),
    Mutation(17, "in-a-transaction", replace(INDEXES, "    atomic = False\n", "")),
    Mutation(
        17,
        "writers-wait-for-the-search",
        replace(INDEXES, "INDEX CONCURRENTLY catalog_name", "INDEX catalog_name"),
    ),
    # Streaming
    Mutation(
        18,
        "sent-in-one",
        replace(VIEWS, "return StreamingHttpResponse(", "return HttpResponse("),
    ),
    Mutation(
        18,
        "read-first",
        replace(
            VIEWS,
            "formats.write_csv(Product.objects.published().export())",
            "formats.write_csv(list(Product.objects.published().export()))",
        ),
    ),
    Mutation(
        18,
        "written-first",
        replace(FORMATS, "batched(rows, 500,", "batched(rows, 10**6,"),
    ),
    # Browsers
    Mutation(55, "always-sent", replace(VIEWS, "f'\"{etag}\"'", "None")),
    Mutation(55, "never-sent-again", replace(VIEWS, "            modified,\n", "")),
    Mutation(
        55,
        "of-who-asked-before",
        replace(VIEWS, '            request.headers.get("Cookie"),\n', ""),
    ),
    Mutation(
        55,
        "kept-unasked",
        replace(VIEWS, '"max_age": 0,', '"max_age": 60,'),
    ),
    Mutation(55, "own-page-kept-on-the-way", replace(VIEWS, PRIVATE, "")),
    Mutation(
        55,
        "lost-by-compression",
        replace(
            "apps/core/middleware.py",
            "super().maybe_compress(request, response)",
            'super().maybe_compress(request, response); response.headers.pop("ETag", 0)',
        ),
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
    ),
    Mutation(
        69,
        "all-loaded",
        replace(
            VIEWS,
            "reviews.filter(user=user).exists()",
            "bool(reviews.filter(user=user))",
        ),
    ),
    Mutation(
        69,
        "counted-elsewhere",
        append(
            SERVICES,
            "\n\ndef is_empty() -> bool:\n    return not Product.objects.count()\n",
        ),
    ),
]
