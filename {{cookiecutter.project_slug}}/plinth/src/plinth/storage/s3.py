"""Amazon S3, and services with its protocol."""

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends import s3

from .buckets import Bucket


class S3Storage(Bucket, s3.S3Storage):  # type: ignore[misc]
    """django-storages' backend, whose errors are an OSError."""

    errors = (Boto3Error, BotoCoreError, ClientError)
