"""Files: on the disk, in a bucket and on the CDN, for whom and for how long."""

from tests.mutations import Mutation, append, replace

BUCKETS = "plinth/src/plinth/storage/settings.py"
PRODUCTION = "config/settings/production.py"
SECURITY = "config/settings/parts/security.py"
STORAGES = "config/settings/parts/storages.py"

MUTATIONS = [
    # Static files and the CDN
    Mutation(
        22,
        "static-beside-the-cdn",
        replace(STORAGES, 'f"{origin}/static/"', '"/static/"'),
        "test_cdn_domain_moves_all_files_to_the_cdn",
    ),
    Mutation(
        22,
        "policy-without-the-cdn",
        replace(SECURITY, 'f"https://{CDN_DOMAIN}"', ""),
        "test_cdn_domain_moves_all_files_to_the_cdn",
    ),
    Mutation(
        22,
        "names-without-a-hash",
        replace(PRODUCTION, "CompressedManifestStatic", "CompressedStatic"),
        "test_static_file_has_a_hashed_name_and_is_cached_forever",
    ),
    Mutation(
        22,
        "revalidated-each-time",
        append(STORAGES, "WHITENOISE_IMMUTABLE_FILE_TEST = '^never$'\n"),
        "test_static_file_has_a_hashed_name_and_is_cached_forever",
    ),
    Mutation(
        22,
        "private-files-have-a-url",
        replace(
            "plinth/src/plinth/storage/filesystem.py",
            'raise ValueError(f"{name} is private: a view sends it")',
            'return f"/media/{name}"',
        ),
        "test_private_file_on_the_disk_has_no_url",
    ),
    # The bucket
    Mutation(
        53,
        "overwrites",
        replace(BUCKETS, '"file_overwrite": False', '"file_overwrite": True'),
        "test_no_upload_replaces_a_file",
    ),
    Mutation(
        53,
        "private-url-not-signed",
        replace(
            BUCKETS,
            '"querystring_expire": 300,',
            '"querystring_auth": False,',
        ),
        "test_private_url_is_signed_for_minutes_even_with_a_cdn",
    ),
    Mutation(
        53,
        "errors-of-the-provider",
        replace(
            "plinth/src/plinth/storage/s3.py",
            "(Boto3Error, BotoCoreError, ClientError)",
            "(ClientError,)",
        ),
        "test_dead_bucket_raises_os_errors",
    ),
    Mutation(
        53,
        "errors-of-a-deletion",
        replace(
            "plinth/src/plinth/storage/buckets.py",
            """        with self.as_os_error():
            super().delete(name)""",
            """        if True:
            super().delete(name)""",
        ),
        "test_dead_bucket_raises_os_errors",
    ),
    Mutation(
        53,
        "pages-may-not-show-it",
        replace(SECURITY, "[*ASSETS, *UPLOADED, ", "[*ASSETS, "),
        "test_public_url_without_a_cdn_is_signed_and_allowed_by_the_policy",
    ),
    Mutation(
        53,
        "pages-may-not-upload-to-it",
        replace(SECURITY, "[MEDIA_ORIGIN] if UPLOADS.direct", "[] if UPLOADS.direct"),
        "test_policy_allows_the_origin_of_the_buckets_urls",
    ),
    Mutation(
        53,
        "private-file-is-a-page",
        replace(BUCKETS, '"ContentDisposition": "attachment"', '"ContentType": "a/b"'),
        "test_private_file_is_never_rendered_at_the_buckets_origin",
    ),
    Mutation(
        53,
        "static-uploaded-again",
        replace(
            "plinth/src/plinth/management/commands/publish_static.py",
            "names - existing(bucket)",
            "names",
        ),
        "test_collected_files_are_published_once",
    ),
    # Media on the CDN
    Mutation(
        56,
        "from-the-bucket",
        replace(
            BUCKETS, '"custom_domain": cdn_domain or None', '"custom_domain": None'
        ),
        "test_public_file_has_a_plain_url_on_the_cdn",
    ),
    Mutation(
        56,
        "private-on-the-cdn",
        replace(
            BUCKETS,
            '"location": "private",',
            '"location": "private", "custom_domain": cdn_domain,',
        ),
        "test_private_files_have_a_location_of_their_own_and_no_cdn",
    ),
    Mutation(
        56,
        "signed-url-in-shared-caches",
        replace(BUCKETS, "{'public' if cdn_domain else 'private'}", "public"),
        "test_only_public_files_are_cached_by_shared_caches",
    ),
    Mutation(
        56,
        "private-file-in-shared-caches",
        replace(BUCKETS, '"private, max-age=300"', '"public, max-age=300"'),
        "test_only_public_files_are_cached_by_shared_caches",
    ),
]
