/*
 * What the files of the http room share; nobody else includes it.
 */
#ifndef CAPRELAY_HTTP_INTERNAL_H
#define CAPRELAY_HTTP_INTERNAL_H

#include "http/http.h"

#include "base/buf.h"

#include <curl/curl.h>

struct http_request {
    struct http_request *next, **place; /* in one of the client's lists */
    struct http_client *client;
    http_fn fn;
    void *context;
    struct arena *arena; /* what the request says */
    CURL *easy;          /* NULL: it cannot be sent, `error` says why */
    bool running;        /* in the multi handle */
    struct curl_slist *headers;
    struct buf body;
    size_t header_bytes;
    bool too_large;
    enum http_failure failure;
    int64_t queued_mono_us;
    char error[CURL_ERROR_SIZE];
};

/* A list of requests that knows its end. */
struct http_list {
    struct http_request *first, **end;
};

struct http_client {
    struct loop *loop;
    struct arena *arena; /* the options' texts */
    struct http_options options;
    CURLM *multi;
    struct loop_timer *timer; /* libcurl's */
    struct loop_timer *turn;  /* answers that wait to be told, requests that wait to be sent */
    struct http_socket *sockets;
    struct http_list waiting, running, done;
    unsigned running_count;
    bool *gone; /* told when the client is destroyed in a callback */
};

/* transfer.c: one request as libcurl wants it, and its answer */
struct http_request *http_request_create(struct http_client *client, const struct http_call *call);
void http_request_free(struct http_request *request);
/* What libcurl said of it at its end. */
void http_request_ended(struct http_request *request, CURLcode code);
struct http_result http_request_result(const struct http_request *request);

#endif
