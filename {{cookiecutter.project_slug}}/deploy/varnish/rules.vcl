# The same rules as in deploy/nginx/cache.conf: only what the application says is public is
# kept, and who has a session or a password gets nothing that is.

import std;

# Who may drop what is kept, from this machine and not by way of nginx, which gives every
# request an X-Real-IP.
acl editors {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    # What one request says to another part of this file is nobody else's to say.
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
        # All below an address: BAN /catalog/
        ban("obj.http.X-Kept-Host == " + req.http.Host + " && obj.http.X-Kept-URL ~ ^" + req.url);
        return (synth(200, "Banned"));
    }

    # Varnish has added nginx to it.
    if (req.http.X-Real-IP) {
        set req.http.X-Forwarded-For = req.http.X-Real-IP;
    }

    # While the application is well, nobody gets a page that ran out long ago; when it is
    # not, one of yesterday is better than none.
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
    # Cookies of statistics and advertisements shape no page, nor does the token of forms:
    # it goes on to the application, whose page is private if it uses it.
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
    # Without what links from elsewhere carry: TRACKING_PARAMETERS.
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
    # A page that is kept stands in for an application that fails.
    if (beresp.status >= 500 && !bereq.uncacheable && !bereq.http.X-Stale) {
        return (abandon);
    }
    # How long, the application says, or it is not kept.
    if (beresp.http.Cache-Control !~ "(?i)(?:s-maxage|max-age)=") {
        set beresp.ttl = 0s;
    }
    # Cookies are looked at above; what varies by more than encoding is not kept.
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
    set beresp.http.X-Kept-Host = bereq.http.Host;
    set beresp.http.X-Kept-URL = bereq.url;
    if (beresp.ttl > 0s) {
        # So long a page can stand in, and be asked for by its ETag.
        set beresp.grace = 1d;
        set beresp.keep = 1d;
    }
    # What sets a cookie or says that it is private is not kept: Varnish's own rules, next.
}

sub vcl_deliver {
    set resp.http.X-Cache = req.http.X-Cache;
    if (resp.http.X-Vary) {
        set resp.http.Vary = resp.http.X-Vary;
    }
    unset resp.http.X-Vary;
    unset resp.http.X-Kept-Host;
    unset resp.http.X-Kept-URL;
    unset resp.http.X-Varnish;
    unset resp.http.Via;
}

sub vcl_synth {
    # The application did not answer, or not well: once more, for a page of any age.
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
