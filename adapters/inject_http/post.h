/*
 * post: the head of a request, checked against what the relay takes and whom it knows
 * (docs/protocol.md 5.3). No I/O, no clock: the time is handed in.
 */
#ifndef CAPRELAY_ADAPTERS_INJECT_HTTP_POST_H
#define CAPRELAY_ADAPTERS_INJECT_HTTP_POST_H

#include "adapters/inject/request.h"
#include "httpd/httpd.h"

#define POST_PATH "/v1/alerts"

struct post {
    struct slice method, path, query;
    struct slice content_type, content_encoding, authorization; /* absent: not sent */
    size_t authorizations;                                      /* how many there are */
    bool has_certificate;
    struct httpd_certificate certificate;
};

struct post_refusal {
    int status;         /* HTTP */
    const char *reason; /* "inject.token", "http.path", ... Static */
    char text[400];     /* English: the place, and what would be right */
};

/*
 * Checks, in this order: path, method, who it is, what is sent, the query. Fills `known`,
 * `authority` and `dry_run` of the request as far as it comes. false with the refusal set on the
 * first that fails.
 *
 * Tokens are compared by their SHA-256, all of them each time, so that the time tells nothing.
 */
bool post_check(const struct post *post, const struct relay_conf *conf, int64_t now_s,
                struct request *out, struct post_refusal *refusal);
bool post_refuse(struct post_refusal *refusal, int status, const char *reason, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

#endif
