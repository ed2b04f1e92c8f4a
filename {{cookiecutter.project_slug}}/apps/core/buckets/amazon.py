from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from . import Bucket


class AmazonStorage(Bucket, S3Storage):  # type: ignore[misc]
    errors = (Boto3Error, BotoCoreError, ClientError)
