variable "bucket" {
  description = "Name of the bucket, without a dot: it becomes a part of a host's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "3 to 63 small letters, digits and hyphens."
  }
}

variable "region" {
  description = "Where the bucket is."
  type        = string
  default     = "eu-central-1"
}

variable "domain" {
  description = "The CDN's domain, as in CDN_DOMAIN."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+$", var.domain))
    error_message = "Like cdn.example.com, without https://."
  }
}

variable "site_origin" {
  description = "Where the site is: https:// and its domain."
  type        = string

  validation {
    condition     = can(regex("^https://[a-z0-9.-]+$", var.site_origin))
    error_message = "Like https://example.com, without a path."
  }
}

variable "static_storage" {
  description = "Who serves static files, as in STATIC_STORAGE: whitenoise (the site) or bucket."
  type        = string
  default     = "whitenoise"

  validation {
    condition     = contains(["whitenoise", "bucket"], var.static_storage)
    error_message = "whitenoise or bucket."
  }
}
