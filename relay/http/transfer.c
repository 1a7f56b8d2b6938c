/* One request: what libcurl is told, and what came of it. */
#include "http/fields.h"
#include "http/internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REDIRECTS_MAX = 5, HEADER_BYTES_MAX = 256 * 1024 };

const char *http_failure_name(enum http_failure failure)
{
    static const char *const names[] = {"answered", "request",   "dns",      "connect", "tls",
                                        "timeout",  "too-large", "redirect", "broken"};
    return failure <= HTTP_FAILED_BROKEN ? names[failure] : "unknown";
}

/* --- while it runs --- */

static size_t on_body(char *bytes, size_t one, size_t count, void *context)
{
    struct http_request *request = context;
    size_t room = request->body.max_bytes - request->body.len;
    size_t size = one * count;
    request->too_large = size > room;
    buf_put(&request->body, slice_of(bytes, request->too_large ? room : size));
    return request->too_large ? 0 : size;
}

/* libcurl keeps them; how much it keeps is for us to say. */
static size_t on_header(char *bytes, size_t one, size_t count, void *context)
{
    struct http_request *request = context;
    (void)bytes;
    request->header_bytes += one * count;
    return request->header_bytes > HEADER_BYTES_MAX ? 0 : one * count;
}

/* --- what is asked --- */

static bool add_header(struct http_request *request, const char *text)
{
    if (strpbrk(text, "\r\n") || !strchr(text, ':')) {
        snprintf(request->error, sizeof request->error,
                 "not a header field: it has a line end or no colon");
        return false;
    }
    request->headers = curl_slist_append(request->headers, text);
    return true;
}

static bool add_field(struct http_request *request, const char *name, const char *value)
{
    return !value || add_header(request, arena_printf(request->arena, "%s: %s", name, value).ptr);
}

static bool add_headers(struct http_request *request, const struct http_call *call)
{
    bool good = add_field(request, "If-None-Match", call->if_none_match) &&
                add_field(request, "If-Modified-Since", call->if_modified_since);
    if (good && call->bearer)
        good = add_header(
            request, arena_printf(request->arena, "Authorization: Bearer %s", call->bearer).ptr);
    if (good && call->method != HTTP_GET)
        good = add_field(request, "Content-Type",
                         call->content_type ? call->content_type : "application/octet-stream") &&
               add_header(request, "Expect:"); /* else libcurl waits a second for a "continue" */
    for (size_t i = 0; good && i < call->header_count; i++)
        good = add_header(request, call->headers[i]);
    curl_easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->headers);
    return good;
}

static long milliseconds(int64_t us)
{
    return us > 1000 ? (long)(us / 1000) : 1;
}

static void set_method(CURL *easy, const struct http_call *call)
{
    if (call->method != HTTP_GET) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        if (call->method == HTTP_PUT) /* the body goes as that of a POST */
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, call->body.len ? call->body.ptr : "");
        return;
    }
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR,
                     slice_istarts_with(slice_from_cstr(call->url), "https:") ? "https"
                                                                              : "http,https");
}

static void set_connection(CURL *easy, const struct http_options *options)
{
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (options->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* that one alone */
    }
    /* An empty proxy keeps libcurl from looking at http_proxy and its kin. */
    curl_easy_setopt(easy, CURLOPT_PROXY, options->proxy ? options->proxy : "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options->user_agent);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Without it, giving up a request whose name is still being resolved waits for that thread. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options->connect_timeout_us));
}

static void set_identity(CURL *easy, const struct http_call *call)
{
    if (call->username || call->password) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, call->username ? call->username : "");
        curl_easy_setopt(easy, CURLOPT_PASSWORD, call->password ? call->password : "");
    }
    if (call->client_cert) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, call->client_cert);
        curl_easy_setopt(easy, CURLOPT_SSLKEY,
                         call->client_key ? call->client_key : call->client_cert);
    }
}

static bool prepare(struct http_request *request, const struct http_call *call)
{
    const struct http_options *options = &request->client->options;
    struct err err = {0};
    if (http_url_check(slice_from_cstr(call->url), &err) != OK) {
        snprintf(request->error, sizeof request->error, "%.200s", err.text);
        return false;
    }
    CURL *easy = request->easy = curl_easy_init();
    if (!easy)
        abort(); /* as mem_alloc() */
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, request);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     milliseconds(call->timeout_us ? call->timeout_us : options->timeout_us));
    set_connection(easy, options);
    set_method(easy, call);
    set_identity(easy, call);
    return add_headers(request, call);
}

struct http_request *http_request_create(struct http_client *client, const struct http_call *call)
{
    struct http_request *request = mem_alloc(sizeof *request);
    request->client = client;
    request->arena = arena_create();
    request->queued_mono_us = loop_monotonic_us(client->loop);
    buf_init(&request->body, call->max_body ? call->max_body : client->options.max_body);
    if (!prepare(request, call)) {
        request->failure = HTTP_FAILED_REQUEST;
        curl_easy_cleanup(request->easy);
        request->easy = NULL;
    }
    return request;
}

void http_request_free(struct http_request *request)
{
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    buf_fini(&request->body);
    arena_destroy(request->arena);
    free(request);
}

/* --- what came of it --- */

static const struct {
    CURLcode code;
    enum http_failure failure;
} failures[] = {
    {CURLE_OK, HTTP_ANSWERED},
    {CURLE_COULDNT_RESOLVE_HOST, HTTP_FAILED_DNS},
    {CURLE_COULDNT_RESOLVE_PROXY, HTTP_FAILED_DNS},
    {CURLE_COULDNT_CONNECT, HTTP_FAILED_CONNECT},
    {CURLE_PROXY, HTTP_FAILED_CONNECT},
    {CURLE_SSL_CONNECT_ERROR, HTTP_FAILED_TLS},
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_FAILED_TLS},
    {CURLE_SSL_CERTPROBLEM, HTTP_FAILED_TLS},
    {CURLE_SSL_CIPHER, HTTP_FAILED_TLS},
    {CURLE_SSL_CACERT_BADFILE, HTTP_FAILED_TLS},
    {CURLE_SSL_ISSUER_ERROR, HTTP_FAILED_TLS},
    {CURLE_SSL_CLIENTCERT, HTTP_FAILED_TLS},
    {CURLE_OPERATION_TIMEDOUT, HTTP_FAILED_TIMEOUT},
    {CURLE_TOO_MANY_REDIRECTS, HTTP_FAILED_REDIRECT},
};

static enum http_failure failure_of(const struct http_request *request, CURLcode code)
{
    long status = 0;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    /* Also what libcurl says where the far end does not speak HTTP. */
    if ((code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT) && status / 100 == 3)
        return HTTP_FAILED_REDIRECT;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].code == code)
            return failures[i].failure;
    return HTTP_FAILED_BROKEN;
}

/* How long it took and how much had come differs each time, and is no other trouble: who tells of
 * changes alone would tell of each attempt. "Connection timed out after 10001 milliseconds",
 * "Failed to connect to HOST port 1 after 3 ms: Couldn't connect to server". */
static void leave_out_how_long(char *text, CURLcode code)
{
    char *from = strstr(text, " after "), *end = from;
    if (!from)
        return;
    end += strlen(" after ");
    size_t digits = strspn(end, "0123456789");
    end += digits;
    if (!digits || !strchr(" m", *end))
        return;
    end = code == CURLE_OPERATION_TIMEDOUT ? NULL : strchr(end, ':');
    memmove(from, end ? end : "", end ? strlen(end) + 1 : 1);
}

void http_request_ended(struct http_request *request, CURLcode code)
{
    request->failure = request->too_large ? HTTP_FAILED_TOO_LARGE : failure_of(request, code);
    if (code == CURLE_OK)
        request->error[0] = '\0';
    else if (request->too_large)
        snprintf(request->error, sizeof request->error, "the body has more than %zu bytes",
                 request->body.max_bytes);
    else if (request->header_bytes > HEADER_BYTES_MAX)
        snprintf(request->error, sizeof request->error, "the header has more than %d bytes",
                 HEADER_BYTES_MAX);
    else if (request->failure == HTTP_FAILED_REDIRECT && code != CURLE_TOO_MANY_REDIRECTS)
        snprintf(request->error, sizeof request->error,
                 "it leads to a URL that is not followed: none of http, or http from https");
    else if (code == CURLE_PARTIAL_FILE)
        snprintf(request->error, sizeof request->error, "closed before the end of the answer");
    else if (!request->error[0])
        snprintf(request->error, sizeof request->error, "%s", curl_easy_strerror(code));
    leave_out_how_long(request->error, code);
}

static struct slice header(const struct http_request *request, const char *name)
{
    struct curl_header *found = NULL;
    if (!request->easy ||
        curl_easy_header(request->easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
        return (struct slice){0};
    return slice_from_cstr(found->value);
}

struct slice http_result_header(const struct http_result *result, const char *name)
{
    return header(result->of, name);
}

struct http_result http_request_result(const struct http_request *request)
{
    struct http_result result = {.failure = request->failure,
                                 .error = request->error,
                                 .retry_after_us = -1,
                                 .max_age_us = -1,
                                 .date_us = -1,
                                 .of = request};
    struct loop *loop = request->client->loop;
    result.took_us = loop_monotonic_us(loop) - request->queued_mono_us;
    if (!request->easy)
        return result;
    long status = 0;
    char *url = NULL, *location = NULL;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(request->easy, CURLINFO_EFFECTIVE_URL, &url);
    curl_easy_getinfo(request->easy, CURLINFO_REDIRECT_URL, &location);
    result.status = (int)status;
    result.url = slice_from_cstr(url);
    result.location = slice_from_cstr(location);
    if (request->failure == HTTP_ANSWERED || request->failure == HTTP_FAILED_TOO_LARGE)
        result.body = request->body.ptr ? buf_slice(&request->body) : SLICE("");
    result.etag = header(request, "ETag");
    result.last_modified = header(request, "Last-Modified");
    result.content_type = header(request, "Content-Type");
    result.max_age_us = http_max_age_us(header(request, "Cache-Control"), header(request, "Age"));
    result.date_us = http_date_us(header(request, "Date"));
    /* A date in it is of the server's clock, and so is counted from there: ours may be set wrong.
     */
    int64_t now_us = result.date_us >= 0 ? result.date_us : clock_now_us(loop_clock(loop));
    result.retry_after_us = http_retry_after_us(header(request, "Retry-After"), now_us);
    return result;
}
