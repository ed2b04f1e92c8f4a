vcl 4.1;

# Varnish (6.6 and later) in place of nginx's cache, between nginx, which terminates TLS, and
# the application. See docs/nginx.md.

backend application {
    # The application must have created it before Varnish starts.
    .path = "/run/app/blue.sock";
    # As in deploy/nginx/proxy.conf.
    .connect_timeout = 5s;
    .first_byte_timeout = 60s;
    .between_bytes_timeout = 60s;
    # Two of the last three probes decide whether stale pages are served.
    .probe = {
        .url = "/health/ready/";
        .interval = 5s;
        .timeout = 3s;
        .window = 3;
        .threshold = 2;
        .initial = 2;
    }
}

include "./rules.vcl";
