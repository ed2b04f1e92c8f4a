# The rules of deploy/nginx/cache.conf: only pages that the application marks as public are
# cached, and requests with a session cookie or an Authorization header bypass the cache.

import std;

# Clients that may purge: processes on this host, but not requests through nginx, which have an
# X-Real-IP.
acl editors {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    # A fragment is no part of a request's URL. The application would ignore the rest, and the
    # cache key would contain it.
    set req.url = regsub(req.url, "#.*$", "");

    # Internal headers: a client must not set them.
    if (req.restarts == 0) {
        unset req.http.X-Stale;
        unset req.http.X-Token;
    }

    if (req.method == "PURGE" || req.method == "BAN") {
        if (client.ip !~ editors || req.http.X-Real-IP) {
            return (synth(405));
        }
        if (req.method == "PURGE") {
            return (purge);
        }
        # Everything below a path: BAN /news/
        ban("obj.http.X-Cache-Host == " + req.http.Host + " && obj.http.X-Cache-URL ~ ^" + req.url);
        return (synth(200, "Banned"));
    }

    # Without nginx's address, which Varnish has appended.
    if (req.http.X-Real-IP) {
        set req.http.X-Forwarded-For = req.http.X-Real-IP;
    }

    # While the application is healthy, a page is stale for at most five seconds; while it is
    # not, for a day.
    if (std.healthy(req.backend_hint) && !req.http.X-Stale) {
        set req.grace = 5s;
    } else {
        set req.grace = 1d;
    }

    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.http.Authorization) {
        return (pass);
    }
    # Cookies of analytics and advertising change no page. The CSRF cookie is passed on: a
    # response that uses it is private.
    if (";" + regsuball(req.http.Cookie, "(^|;) *(?:__Host-csrftoken|_ga\w*|_gid|_gat\w*|_gcl_\w+|_fb[cp]|_pk_\w+(?:\.[\w.]+)?|_hj\w+|_cl(?:ck|sk)|_uet[sv]id|__utm[a-z]+)=[^;]*", "") ~ "[^; ]") {
        return (pass);
    }
    if (req.http.Cookie ~ "(^|;) *__Host-csrftoken=") {
        set req.http.X-Token = regsub(req.http.Cookie, "^(?:.*; *)?(__Host-csrftoken=[^;]*).*$", "\1");
    }
    unset req.http.Cookie;
    return (hash);
}

sub vcl_hash {
    # Without tracking parameters.
    hash_data(regsub(req.url, "\?.*$", ""));
    if (req.url ~ "\?") {
        hash_data(regsub(regsuball(regsub(req.url, "^[^?]*\?", "&"), "&(?:utm_\w+|(mtm|pk|matomo)_\w+|dclid|fbclid|gclid|gclsrc|msclkid|ttclid|twclid|yclid|[gw]braid|gad_\w+|_g[al]|igsh(id)?|li_fat_id|mc_[ce]id|srsltid)(?:=[^&]*)?(?=&|$)", ""), "^&", "?"));
    } else {
        hash_data("");
    }
    hash_data(req.http.Host);
    hash_data(req.http.X-Forwarded-Proto);
    return (lookup);
}

sub vcl_hit {
    set req.http.X-Cache = "HIT";
    if (obj.ttl <= 0s) {
        set req.http.X-Cache = "STALE";
    }
}

sub vcl_miss {
    set req.http.X-Cache = "MISS";
}

sub vcl_pass {
    set req.http.X-Cache = "BYPASS";
}

sub vcl_backend_fetch {
    if (bereq.http.X-Token) {
        set bereq.http.Cookie = bereq.http.X-Token;
    }
    unset bereq.http.X-Cache;
    unset bereq.http.X-Token;
}

sub vcl_backend_response {
    # Serve a stale page while the application fails.
    if (beresp.status >= 500 && !bereq.uncacheable && !bereq.http.X-Stale) {
        return (abandon);
    }
    # The application sets the TTL; without one, the response is not cached.
    if (beresp.http.Cache-Control !~ "(?i)(?:s-maxage|max-age)=") {
        set beresp.ttl = 0s;
    }
    # Cookies are handled above. A response that varies by more than those and the encoding is
    # not cached.
    if (beresp.http.Vary) {
        set beresp.http.X-Vary = beresp.http.Vary;
        if (beresp.http.Vary !~ "(?i)^(?:(?:^|,) *(?:accept-encoding|cookie) *)+$") {
            set beresp.ttl = 0s;
        }
    }
    if (beresp.http.Vary ~ "(?i)accept-encoding") {
        set beresp.http.Vary = "Accept-Encoding";
    } else {
        unset beresp.http.Vary;
    }
    set beresp.http.X-Cache-Host = bereq.http.Host;
    set beresp.http.X-Cache-URL = bereq.url;
    if (beresp.ttl > 0s) {
        # For as long it may be served stale, and revalidated by its ETag.
        set beresp.grace = 1d;
        set beresp.keep = 1d;
    }
    # Varnish's built-in rules come next: a response with Set-Cookie or `private` is not cached.
}

sub vcl_deliver {
    set resp.http.X-Cache = req.http.X-Cache;
    if (resp.http.X-Vary) {
        set resp.http.Vary = resp.http.X-Vary;
    }
    unset resp.http.X-Vary;
    unset resp.http.X-Cache-Host;
    unset resp.http.X-Cache-URL;
    unset resp.http.X-Varnish;
    unset resp.http.Via;
}

sub vcl_synth {
    # The application failed: restart once, and accept a stale page.
    if (resp.status == 503 && req.restarts == 0 && (req.method == "GET" || req.method == "HEAD")) {
        set req.http.X-Stale = "yes";
        return (restart);
    }
    unset resp.http.X-Varnish;
}

sub vcl_backend_error {
    if (!bereq.uncacheable && !bereq.http.X-Stale) {
        return (abandon);
    }
    set beresp.status = 503;
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Content-Type = "text/html; charset=utf-8";
    set beresp.http.Retry-After = "60";
    synthetic({"<!DOCTYPE html>
<title>We will be back in a moment</title>
<h1>We will be back in a moment</h1>
<p>The site is being looked after. Please try again in a minute.</p>
"});
    return (deliver);
}
