vcl 4.1;

# Varnish (6.6 and later) between nginx, which ends TLS, and the application, for those who
# want it instead of nginx's own cache. docs/nginx.md says how.

backend application {
    # Varnish starts when the application has made it.
    .path = "/run/app/blue.sock";
    # As in deploy/nginx/proxy.conf.
    .connect_timeout = 5s;
    .first_byte_timeout = 60s;
    .between_bytes_timeout = 60s;
    # Two of the last three answers decide whether visitors get what is old.
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
