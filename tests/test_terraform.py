"""The Terraform, applied as its README says to an emulator of AWS (moto)."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest

from tests import services
from tests.conftest import Bake
from tests.services import free_port, moto
from tests.support import documented, run

# What Amazon has for everybody, and moto has not: path, kind, id and name.
POLICIES = [
    (
        "cache-policy",
        "CachePolicy",
        "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "Managed-CachingOptimized",
    ),
    (
        "response-headers-policy",
        "ResponseHeadersPolicy",
        "e61eb60c-9c35-4d20-a928-2b84e02af89c",
        "Managed-CORS-and-SecurityHeadersPolicy",
    ),
]
# The provider's own way to somewhere else than Amazon.
ELSEWHERE = """
provider "aws" {{
  {alias}
  access_key                  = "trial"
  secret_key                  = "trial"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {{
    acm        = "{url}"
    cloudfront = "{url}"
    iam        = "{url}"
    s3         = "{url}"
    s3control  = "{url}"
    sts        = "{url}"
  }}
}}
"""
UNATTENDED = {
    "CHECKPOINT_DISABLE": "1",
    "TF_CLI_ARGS": "-no-color",
    "TF_CLI_ARGS_apply": "-auto-approve",
    "TF_IN_AUTOMATION": "1",
}


def provider_is_within_reach(folder: Path) -> bool:
    """Whether Terraform can fetch the provider, or has it."""
    done = subprocess.run(
        ["terraform", "init"], cwd=folder, capture_output=True, text=True, check=False
    )
    return "Failed to query available provider packages" not in done.stderr


@contextmanager
def amazon(folder: Path) -> Iterator[str]:
    """The address of an emulator of AWS (moto)."""
    port, places = free_port(), ""
    for path, kind, key, name in POLICIES:
        config = f"<{kind}Config><Name>{name}</Name><MinTTL>1</MinTTL></{kind}Config>"
        one = f"<{kind}><Id>{key}</Id>{config}</{kind}>"
        items = f"<Items><{kind}Summary>{one}</{kind}Summary></Items>"
        every = f"<{kind}List>{items}</{kind}List>"
        for place, answer in {path: every, f"{path}/{key}": one}.items():
            places += f"location = /2020-05-31/{place} {{ return 200 '{answer}'; }}\n"
    with moto(folder) as rest:
        servers = f"""
            default_type text/xml;
            server {{
                listen 127.0.0.1:{port};
                {places}
                location / {{
                    proxy_pass {rest};
                    proxy_set_header Host $http_host;
                }}
            }}
        """
        with services.nginx(folder, port, servers):
            yield f"http://127.0.0.1:{port}"


@pytest.mark.scale
@pytest.mark.services("nginx")
@pytest.mark.skipif(
    not shutil.which("terraform"), reason="terraform comes from its maker alone"
)
def test_terraform_creates_what_the_site_needs(bake: Bake, tmp_path: Path) -> None:
    project = shutil.copytree(bake(), tmp_path / "project")
    folder = project / "deploy/terraform"
    run("terraform", "fmt", "-check", "-diff", folder, cwd=project)
    if not provider_is_within_reach(folder):
        pytest.skip("the registry of Terraform's providers is out of reach")
    page = folder / "README.md"
    answers = documented(page, "site_origin = ")
    (folder / "terraform.tfvars").write_text(
        answers.replace("A-NAME-THAT-NOBODY-HAS", "trial-files")
    )

    with amazon(tmp_path) as url:
        (folder / "trial_override.tf").write_text(
            ELSEWHERE.format(alias="", url=url)
            + ELSEWHERE.format(alias='alias = "us_east_1"', url=url)
        )
        commands = documented(page, "terraform init")
        said = run("sh", "-euc", commands, cwd=project, env=UNATTENDED)
        told = run("terraform", "output", "-json", cwd=folder, env=UNATTENDED)
        output = {name: it["value"] for name, it in json.loads(told).items()}

        # The first apply says it, for the second one waits until it is so.
        _, first, _ = said.split("Apply complete!")
        assert "resource_record_value" in first
        assert output["environment"] == {
            "AWS_STORAGE_BUCKET_NAME": "trial-files",
            "AWS_S3_REGION_NAME": "eu-central-1",
            "CDN_DOMAIN": "cdn.example.com",
            "STATIC_STORAGE": "whitenoise",
        }
        assert output["cdn_target"].endswith(".cloudfront.net")

        session = boto3.Session("trial", "trial", region_name="eu-central-1")
        s3 = session.client("s3", endpoint_url=url)
        cloudfront = session.client("cloudfront", endpoint_url=url)
        bucket = {"Bucket": "trial-files"}

        # Nothing is public; the CDN alone may read two folders of it.
        closed = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
        assert set(closed.values()) == {True}
        [cdn] = cloudfront.list_distributions()["DistributionList"]["Items"]
        policy = json.loads(s3.get_bucket_policy(**bucket)["Policy"])
        [allowed] = [it for it in policy["Statement"] if it["Effect"] == "Allow"]
        assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert allowed["Action"] == "s3:GetObject"
        assert sorted(allowed["Resource"]) == [
            f"arn:aws:s3:::trial-files/{place}/*" for place in ("media", "static")
        ]
        assert allowed["Condition"] == {"StringEquals": {"AWS:SourceArn": cdn["ARN"]}}

        # The site can't replace the scripts of its pages.
        iam = session.client("iam", endpoint_url=url)
        for name, places in {
            "site": ["media", "private"],
            "publish": ["static"],
        }.items():
            version = {"PolicyArn": output[f"{name}_policy"], "VersionId": "v1"}
            found = iam.get_policy_version(**version)["PolicyVersion"]["Document"]
            objects, _ = found["Statement"]
            named = objects["Resource"]
            assert sorted([named] if isinstance(named, str) else named) == [
                f"arn:aws:s3:::trial-files/{place}/*" for place in places
            ]

        # What is removed is gone in the end.
        assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
        rules = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]
        [incoming] = [it for it in rules if it["ID"] == "incoming"]
        assert incoming["Expiration"]["Days"] == 1
        assert incoming["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1

        # The CDN: its own domain, TLS of today, static files from the site.
        assert cdn["Aliases"]["Items"] == ["cdn.example.com"]
        certificate = cdn["ViewerCertificate"]
        assert certificate["MinimumProtocolVersion"] == "TLSv1.2_2021"
        [static] = cdn["CacheBehaviors"]["Items"]
        assert static["PathPattern"] == "/static/*"
        assert static["TargetOriginId"] == "site"
        for behaviour in (static, cdn["DefaultCacheBehavior"]):
            assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
