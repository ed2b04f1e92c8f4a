output "environment" {
  description = "What the site's environment needs; its machines' role brings the key."
  value = {
    AWS_STORAGE_BUCKET_NAME = aws_s3_bucket.files.id
    AWS_S3_REGION_NAME      = var.region
    CDN_DOMAIN              = var.domain
    STATIC_STORAGE          = var.static_storage
  }
}

output "certificate_records" {
  description = "DNS records that show Amazon whose domain it is. Add them while apply waits."
  value       = aws_acm_certificate.cdn.domain_validation_options
}

output "cdn_target" {
  description = "Where a CNAME record of the CDN's domain leads."
  value       = aws_cloudfront_distribution.files.domain_name
}

output "site_policy" {
  description = "Policy for the role of the site's machines."
  value       = aws_iam_policy.role["site"].arn
}

output "publish_policy" {
  description = "Policy for the role that runs publish_static at a release."
  value       = aws_iam_policy.role["publish"].arn
}
