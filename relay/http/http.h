/*
 * http: requests to HTTP servers, on the loop (libcurl; nobody else includes curl/curl.h).
 *
 * Nothing here blocks: names are resolved on a thread of libcurl's, everything else happens in the
 * loop. For the loop's thread. Only http and https; TLS 1.2 or later with the certificate and the
 * name always verified; plain http only where the URL says so, and never by a redirect from https.
 * Environment variables for proxies, cookies and ~/.netrc are not looked at. HTTP/1.1, gzip.
 */
#ifndef CAPRELAY_HTTP_HTTP_H
#define CAPRELAY_HTTP_HTTP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_client;
struct http_request; /* one that has not been answered */

/* Texts are copied; NULL and 0 take the default. */
struct http_options {
    const char *user_agent;     /* default: caprelay/VERSION */
    const char *ca_file;        /* PEM; default: the system's */
    const char *proxy;          /* URL; default: none */
    int64_t connect_timeout_us; /* 10 s; resolving and the TLS handshake included */
    int64_t timeout_us;         /* 60 s; of the whole request, redirects included */
    size_t max_body;            /* 8 MiB; bytes of a body after decompression */
    unsigned
        max_parallel; /* 4; further requests wait their turn, which their timeout does not count */
};

enum http_method { HTTP_GET = 0, HTTP_POST, HTTP_PUT };

/* Everything is copied by http_send(); NULL: not wanted. */
struct http_call {
    enum http_method method;
    const char *url;
    /* "Name: value"; they also go where a redirect leads, except Authorization and Cookie. */
    const char *const *headers;
    size_t header_count;
    struct slice body;                    /* POST, PUT */
    const char *content_type;             /* POST, PUT; default: application/octet-stream */
    const char *if_none_match;            /* an ETag as it was received */
    const char *if_modified_since;        /* a Last-Modified as it was received */
    const char *username, *password;      /* Basic */
    const char *bearer;                   /* token */
    const char *client_cert, *client_key; /* PEM files; the key may be in the certificate's file */
    size_t max_body;                      /* 0: the client's */
    int64_t timeout_us;                   /* 0: the client's */
};

/* Why there is no whole answer. A status such as 404 or 503 is an answer. */
enum http_failure {
    HTTP_ANSWERED = 0,
    HTTP_FAILED_REQUEST, /* never sent: not a URL for us, or a header with a line end */
    HTTP_FAILED_DNS,     /* the name has no address, or nobody says */
    HTTP_FAILED_CONNECT, /* refused, unreachable; also of the proxy */
    HTTP_FAILED_TLS,     /* handshake or certificate, ours or theirs */
    HTTP_FAILED_TIMEOUT,
    HTTP_FAILED_TOO_LARGE, /* `body` holds the first max_body bytes */
    HTTP_FAILED_REDIRECT,  /* too many, or to where it may not lead */
    HTTP_FAILED_BROKEN     /* not HTTP, cut short, or badly compressed */
};
/* "dns", "connect", ...; "answered". */
const char *http_failure_name(enum http_failure failure);

/* Lent until the callback returns. Header fields that did not come are absent. */
struct http_result {
    enum http_failure failure;
    const char *error; /* one line in English, without the URL; "" where answered */
    int status;        /* 200, 304, 404...; 0 where none came */
    struct slice body; /* decompressed; absent where the request failed, except if too large */
    struct slice etag, last_modified, content_type;
    struct slice location;  /* absolute; of a 3xx that was not followed (POST, PUT) */
    struct slice url;       /* that answered: after redirects */
    int64_t retry_after_us; /* from now on; -1: not said */
    int64_t
        max_age_us;  /* Cache-Control max-age less Age, 0 for no-store and no-cache; -1: not said */
    int64_t date_us; /* when the answer was made, by the server's own clock (Date); -1: not said */
    int64_t took_us;
    const struct http_request *of; /* for http_result_header() */
};
/* Any header of the last answer, the first of that name; lent until the callback returns. */
struct slice http_result_header(const struct http_result *result, const char *name);

typedef void (*http_fn)(void *context, const struct http_result *result);

/* ERR_STATE where libcurl was built so that resolving would block, or without TLS. */
enum err_code http_client_create(struct loop *loop, const struct http_options *options,
                                 struct http_client **out, struct err *err);
/* Cancels what has not been answered. Accepts NULL; allowed in a callback of its own. */
void http_client_destroy(struct http_client *client);

/* Never fails by itself: `fn` is called once for each request that is not cancelled, on a later
 * turn of the loop and never before this returns. The handle is valid until that call begins. GET
 * follows up to five redirects; POST and PUT follow none. */
struct http_request *http_send(struct http_client *client, const struct http_call *call, http_fn fn,
                               void *context);
/* `fn` will not be called. Accepts NULL. */
void http_cancel(struct http_request *request);

/* --- URLs --- */

/* Whether http_send() would take it; for options. */
enum err_code http_url_check(struct slice url, struct err *err);
/* The same for `.check` of a row with a struct slice. */
enum err_code http_check_url(const void *value, struct err *err);
/* And of one that paths are put behind: without a slash at its end and without a query. */
enum err_code http_check_base_url(const void *value, struct err *err);
/* `reference` (relative or whole) as seen from `base`; absent where it is none for us. */
struct slice http_url_join(struct arena *arena, struct slice base, struct slice reference);
/* For logs: without user, password, query and fragment, where secrets live. */
struct slice http_url_shown(struct arena *arena, struct slice url);
/* The same, cut to what a line bears, for one expression: http_url_line(url).text. */
struct http_url_line {
    char text[300];
};
struct http_url_line http_url_line(struct slice url);
/* A value made fit for a query or a path segment: all but unreserved characters as %XX. */
struct slice http_url_escape(struct arena *arena, struct slice value);

#endif
