"""STORAGES from environment variables: local disk, or a bucket of three providers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plinth.env import Env, fail, require_extra

Storage = dict[str, Any]

# Seconds. A name never gets other content, so caches may store it for a year.
YEAR = "max-age=31536000"
STATIC = f"public, {YEAR}, immutable"
# As long as a private URL is valid.
PRIVATE = "private, max-age=300"
# Validity of a public file's URL while no CDN serves it.
SIGNED_SECONDS = 3600


@dataclass(frozen=True)
class Uploads:
    """Storages of uploaded files.

    `storages` has the aliases `default` (private), `public` and, in a bucket,
    `static_bucket` for `publish_static`. `origin` is the bucket's. `signed_for` is the
    validity of a public URL in seconds, 0 when a CDN serves it. `direct` says whether
    browsers can upload to the bucket.
    """

    storages: dict[str, Storage]
    origin: str = ""
    signed_for: int = 0
    direct: bool = False


def uploads(env: Env, *, private: Path, cdn_domain: str) -> Uploads:
    """Return the storages of the provider whose variable names a bucket, or of the disk.

    `private` is the folder of private files on the disk.
    """
    providers = {
        "AWS_STORAGE_BUCKET_NAME": ("s3", s3),
        "GS_BUCKET_NAME": ("gcs", gcs),
        "AZURE_CONTAINER": ("azure", azure),
    }
    chosen = list(filter(env, providers))
    if not chosen:
        return on_disk(private)
    variable, *others = chosen
    if others:
        fail(others[0], f"unset while {variable} names a bucket")
    extra, configure = providers[variable]
    require_extra(variable, extra)
    return configure(env, env(variable), cdn_domain)


def on_disk(private: Path) -> Uploads:
    return Uploads(
        {
            "default": {
                "BACKEND": "plinth.storage.filesystem.PrivateStorage",
                # Outside MEDIA_ROOT, which the web server publishes.
                "OPTIONS": {"location": private},
            },
            "public": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        }
    )


def s3(env: Env, bucket: str, cdn_domain: str) -> Uploads:
    """Amazon S3, or a service with its protocol (AWS_S3_ENDPOINT_URL)."""
    # Imported on use: the SDK is slow to import, and an extra.
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config

    endpoint = env.url("AWS_S3_ENDPOINT_URL", "https", "http").rstrip("/")
    region = env("AWS_S3_REGION_NAME")
    options = {
        "bucket_name": bucket,
        # Without a key, boto3 uses the machine's role.
        "access_key": env("AWS_ACCESS_KEY_ID") or None,
        "secret_key": env("AWS_SECRET_ACCESS_KEY") or None,
        "region_name": region or None,
        "endpoint_url": endpoint or None,
        # No default_acl: new buckets refuse ACLs.
        "file_overwrite": False,
        # Parts of 8 MB in sequence: constant memory for a file of any size.
        "transfer_config": TransferConfig(use_threads=False),
        "client_config": Config(
            signature_version="s3v4",
            # Amazon redirects path-style URLs of other regions.
            s3={"addressing_style": "path" if endpoint else "virtual"},
            # Seconds: the defaults would block a request for minutes.
            connect_timeout=2,
            read_timeout=5,
            retries={"mode": "standard", "total_max_attempts": 2},
        ),
    }
    private = {
        "location": "private",
        "querystring_expire": 300,
        "object_parameters": {
            "CacheControl": PRIVATE,
            # A private file is never rendered at the bucket's origin.
            "ContentDisposition": "attachment",
        },
    }
    public = {
        "location": "media",
        "custom_domain": cdn_domain or None,
        "object_parameters": {"CacheControl": media(cdn_domain)},
    }
    static = {
        "location": "static",
        "custom_domain": cdn_domain or None,
        "object_parameters": {"CacheControl": STATIC},
    }
    # us-east-1 is the region without a host name of its own.
    dotted = f".{region}" if region and region != "us-east-1" else ""
    return in_bucket(
        "plinth.storage.s3.S3Storage",
        [options | part for part in (private, public, static)],
        f"{endpoint}/{bucket}"
        if endpoint
        else f"https://{bucket}.s3{dotted}.amazonaws.com",
        cdn_domain,
        direct=True,
    )


def gcs(env: Env, bucket: str, cdn_domain: str) -> Uploads:
    """Google Cloud Storage."""
    options = {
        "bucket_name": bucket,
        # Signed with the key in GOOGLE_APPLICATION_CREDENTIALS, or through the IAM API
        # with a machine's role.
        "iam_sign_blob": env.bool("GS_IAM_SIGN_BLOB", default=False),
        "file_overwrite": False,
    }
    cdn = {
        "custom_endpoint": f"https://{cdn_domain}" if cdn_domain else None,
        "querystring_auth": not cdn_domain,
        "expiration": SIGNED_SECONDS,
    }
    private = {
        "location": "private",
        "expiration": 300,
        "object_parameters": {
            "cache_control": PRIVATE,
            "content_disposition": "attachment",
        },
    }
    public = cdn | {
        "location": "media",
        "object_parameters": {"cache_control": media(cdn_domain)},
    }
    static = cdn | {
        "location": "static",
        "object_parameters": {"cache_control": STATIC},
    }
    return in_bucket(
        "plinth.storage.gcs.GoogleStorage",
        [options | part for part in (private, public, static)],
        f"https://storage.googleapis.com/{bucket}",
        cdn_domain,
    )


def azure(env: Env, container: str, cdn_domain: str) -> Uploads:
    """Azure Blob Storage."""
    account = env("AZURE_ACCOUNT_NAME")
    options = {
        "azure_container": container,
        # Not a connection string: the client options would not apply.
        "account_name": account or None,
        "account_key": env("AZURE_ACCOUNT_KEY") or None,
        "overwrite_files": False,
        # Seconds: the defaults would block a request for minutes.
        "client_options": {
            "connection_timeout": 2,
            "read_timeout": 5,
            "retry_total": 1,
            "initial_backoff": 1,
        },
    }
    cdn = {
        "custom_domain": cdn_domain or None,
        "expiration_secs": None if cdn_domain else SIGNED_SECONDS,
    }
    private = {
        "location": "private",
        "expiration_secs": 300,
        "object_parameters": {
            "cache_control": PRIVATE,
            "content_disposition": "attachment",
        },
    }
    public = cdn | {"location": "media", "cache_control": media(cdn_domain)}
    static = cdn | {"location": "static", "cache_control": STATIC}
    return in_bucket(
        "plinth.storage.azure.AzureStorage",
        [options | part for part in (private, public, static)],
        f"https://{account}.blob.core.windows.net/{container}",
        cdn_domain,
    )


def media(cdn_domain: str) -> str:
    return f"{'public' if cdn_domain else 'private'}, {YEAR}"


def in_bucket(
    backend: str,
    options: list[Storage],
    origin: str,
    cdn_domain: str,
    *,
    direct: bool = False,
) -> Uploads:
    aliases = ("default", "public", "static_bucket")
    return Uploads(
        {
            alias: {"BACKEND": backend, "OPTIONS": each}
            for alias, each in zip(aliases, options, strict=True)
        },
        origin=origin,
        signed_for=0 if cdn_domain else SIGNED_SECONDS,
        direct=direct,
    )
