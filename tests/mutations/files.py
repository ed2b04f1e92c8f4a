"""Files: who may read them, where they are, how long they are kept."""

from tests.mutations import Mutation, append, replace

BASE = "config/settings/base.py"
PRODUCTION = "config/settings/production.py"
BUCKETS = "plinth/src/plinth/storage/__init__.py"
AMAZON = "plinth/src/plinth/storage/s3.py"

MUTATIONS = [
    # Static files and the CDN
    Mutation(
        22,
        "static-beside-the-cdn",
        replace(BASE, 'f"https://{CDN_DOMAIN}/static/" if CDN_DOMAIN else ', ""),
        "test_one_variable_puts_all_files_on_the_cdn",
    ),
    Mutation(
        22,
        "the-policy-does-not-know-it",
        replace(BASE, '[CSP.SELF, f"https://', '[f"'),
        "test_one_variable_puts_all_files_on_the_cdn",
    ),
    Mutation(
        22,
        "names-without-a-hash",
        replace(PRODUCTION, "CompressedManifestStatic", "CompressedStatic"),
        "test_static_files_have_their_contents_hash_in_the_name_and_are_kept_for_ever",
    ),
    Mutation(
        22,
        "not-kept",
        append(BASE, "WHITENOISE_IMMUTABLE_FILE_TEST = '^never$'\n"),
        "test_static_files_have_their_contents_hash_in_the_name_and_are_kept_for_ever",
    ),
    Mutation(
        22,
        "private-files-have-an-address",
        replace(
            "plinth/src/plinth/storage/filesystem.py",
            'raise ValueError(f"{name} is private: a view sends it")',
            'return f"/media/{name}"',
        ),
        "test_private_files_have_no_address_on_the_disk",
    ),
    # The bucket
    Mutation(
        53,
        "overwrites",
        replace(BASE, '"file_overwrite": False', '"file_overwrite": True'),
        "test_no_file_takes_the_place_of_another",
    ),
    Mutation(
        53,
        "not-signed",
        replace(
            BASE,
            '"querystring_expire": 300,',
            '"querystring_auth": False,',
        ),
        "test_a_private_address_is_signed_for_minutes_even_with_a_cdn",
    ),
    Mutation(
        53,
        "errors-of-the-provider",
        replace(AMAZON, "(Boto3Error, BotoCoreError, ClientError)", "(ClientError,)"),
        "test_a_dead_bucket_fails_as_a_disk_does_whatever_is_asked",
    ),
    Mutation(
        53,
        "deletes-raise-something-else",
        replace(
            BUCKETS,
            """        with self.as_a_disk():
            super().delete(name)""",
            """        if True:
            super().delete(name)""",
        ),
        "test_a_dead_bucket_fails_as_a_disk_does_whatever_is_asked",
    ),
    Mutation(
        53,
        "pages-may-not-show-it",
        replace(BASE, "[*assets, *uploads", "[*assets"),
        "test_without_a_cdn_public_addresses_are_signed_and_pages_may_show_them",
    ),
    Mutation(
        53,
        "pages-may-not-send-to-it",
        replace(BASE, 'SECURE_CSP["connect-src"] += [MEDIA_ORIGIN]', "pass"),
        "test_the_policy_allows_the_origin_that_the_bucket_really_has",
    ),
    Mutation(
        53,
        "shown-as-a-page",
        replace(BASE, '"ContentDisposition": "attachment"', '"ContentType": "a/b"'),
        "test_a_private_file_is_no_page_at_the_buckets_address",
    ),
    Mutation(
        53,
        "static-is-uploaded-again",
        replace(
            "plinth/src/plinth/management/commands/publish_static.py",
            "names - present(bucket)",
            "names",
        ),
        "test_what_is_collected_is_published_once",
    ),
    # Media on the CDN
    Mutation(
        56,
        "from-the-bucket",
        replace(BASE, '"custom_domain": CDN_DOMAIN or None', '"custom_domain": None'),
        "test_what_is_public_is_on_the_cdn_under_a_plain_address",
    ),
    Mutation(
        56,
        "private-on-the-cdn",
        replace(
            BASE,
            '"location": "private",',
            '"location": "private", "custom_domain": CDN_DOMAIN,',
        ),
        "test_private_files_are_apart_and_never_on_the_cdn",
    ),
    Mutation(
        56,
        "signed-but-public-to-caches",
        replace(BASE, "{'public' if CDN_DOMAIN else 'private'}", "public"),
        "test_caches_may_keep_what_is_public_and_nothing_else",
    ),
    Mutation(
        56,
        "caches-keep-what-is-private",
        replace(BASE, '"private, max-age=300"', '"public, max-age=300"'),
        "test_caches_may_keep_what_is_public_and_nothing_else",
    ),
]
