"""Files: who may read them, where they are, how long they are kept."""

from tests.mutations import Mutation, append, replace

BASE = "config/settings/base.py"
PRODUCTION = "config/settings/production.py"
BUCKETS = "apps/core/buckets/__init__.py"
AMAZON = "apps/core/buckets/amazon.py"

MUTATIONS = [
    # Static files and the CDN
    Mutation(
        22,
        "static-beside-the-cdn",
        replace(BASE, 'f"https://{CDN_DOMAIN}/static/" if CDN_DOMAIN else ', ""),
    ),
    Mutation(
        22,
        "media-beside-the-cdn",
        replace(BASE, 'f"https://{CDN_DOMAIN}/media/" if CDN_DOMAIN else ', ""),
    ),
    Mutation(
        22, "the-policy-does-not-know-it", replace(BASE, '[CSP.SELF, f"https://', '[f"')
    ),
    Mutation(
        22,
        "names-without-a-hash",
        replace(PRODUCTION, "CompressedManifestStatic", "CompressedStatic"),
    ),
    Mutation(
        22,
        "not-compressed",
        replace(
            PRODUCTION,
            "whitenoise.storage.CompressedManifest",
            "django.contrib.staticfiles.storage.Manifest",
        ),
    ),
    Mutation(
        22, "not-kept", append(BASE, "WHITENOISE_IMMUTABLE_FILE_TEST = '^never$'\n")
    ),
    Mutation(
        22,
        "private-files-have-an-address",
        replace(
            "apps/core/files.py",
            'raise ValueError(f"{name} is private: a view sends it")',
            'return f"/media/{name}"',
        ),
    ),
    # The bucket
    Mutation(
        53,
        "overwrites",
        replace(BASE, '"file_overwrite": False', '"file_overwrite": True'),
    ),
    Mutation(
        53,
        "public-acl",
        replace(
            BASE,
            '"file_overwrite": False,',
            '"file_overwrite": False, "default_acl": "public-read",',
        ),
    ),
    Mutation(
        53,
        "signed-for-a-week",
        replace(BASE, '"querystring_expire": 300', '"querystring_expire": 604800'),
    ),
    Mutation(
        53,
        "not-signed",
        replace(
            BASE,
            '"querystring_expire": 300,',
            '"querystring_auth": False,',
        ),
    ),
    Mutation(
        53,
        "waits-for-minutes",
        replace(BASE, "connect_timeout=2", "connect_timeout=60"),
    ),
    Mutation(53, "all-at-once", replace(BASE, "use_threads=False", "use_threads=True")),
    Mutation(
        53,
        "errors-of-the-provider",
        replace(AMAZON, "(Boto3Error, BotoCoreError, ClientError)", "(ClientError,)"),
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
    ),
    Mutation(
        53,
        "pages-may-not-show-it",
        replace(BASE, "[*assets, *uploads", "[*assets"),
    ),
    Mutation(
        53,
        "us-east-1-has-a-host",
        replace(BASE, '.removeprefix("us-east-1")', ""),
    ),
    Mutation(
        53,
        "pages-may-not-send-to-it",
        replace(BASE, 'SECURE_CSP["connect-src"] += [MEDIA_ORIGIN]', "pass"),
    ),
    Mutation(
        53,
        "shown-as-a-page",
        replace(BASE, '"ContentDisposition": "attachment"', '"ContentType": "a/b"'),
    ),
    Mutation(
        53,
        "static-is-uploaded-again",
        replace(
            "apps/core/management/commands/publish_static.py",
            "names - present(bucket)",
            "names",
        ),
    ),
    Mutation(
        53,
        "static-without-a-cdn",
        replace(
            PRODUCTION, '"CDN_DOMAIN (for STATIC_STORAGE=bucket)": CDN_DOMAIN,', ""
        ),
    ),
    # Media on the CDN
    Mutation(
        56,
        "from-the-bucket",
        replace(BASE, '"custom_domain": CDN_DOMAIN or None', '"custom_domain": None'),
    ),
    Mutation(
        56,
        "private-on-the-cdn",
        replace(
            BASE,
            '"location": "private",',
            '"location": "private", "custom_domain": CDN_DOMAIN,',
        ),
    ),
    Mutation(
        56,
        "private-where-the-cdn-reads",
        replace(BASE, '"location": "private",', '"location": "media",'),
    ),
    Mutation(
        56,
        "not-kept",
        replace(BASE, "}, max-age=31536000", "}, max-age=0"),
    ),
    Mutation(
        56,
        "signed-but-public-to-caches",
        replace(BASE, "{'public' if CDN_DOMAIN else 'private'}", "public"),
    ),
    Mutation(
        56,
        "caches-keep-what-is-private",
        replace(BASE, '"private, max-age=300"', '"public, max-age=300"'),
    ),
    Mutation(
        56,
        "a-name-gets-another-content",
        replace(BASE, '"file_overwrite": False', '"file_overwrite": True'),
    ),
]
