/* One request: from its first line to its answer. */
#include "httpd/internal.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* What is read of a body whose answer is clear already. An answer that is sent before the client
 * has finished is lost where the connection then ends with bytes unread. */
enum { DROPPED_MAX = 16 * 1024 * 1024 };

/* --- what it says --- */

uint64_t httpd_id(const struct httpd_request *request)
{
    return request->id;
}

struct slice httpd_method(const struct httpd_request *request)
{
    return slice_from_cstr(request->method);
}

struct slice httpd_path(const struct httpd_request *request)
{
    struct slice url = slice_from_cstr(request->url);
    ptrdiff_t mark = slice_find(url, "?");
    return mark < 0 ? url : slice_sub(url, 0, (size_t)mark);
}

struct slice httpd_query(const struct httpd_request *request)
{
    struct slice url = slice_from_cstr(request->url);
    ptrdiff_t mark = slice_find(url, "?");
    return mark < 0 ? (struct slice){0} : slice_sub(url, (size_t)mark + 1, url.len);
}

struct slice httpd_header(const struct httpd_request *request, const char *name)
{
    return slice_from_cstr(MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, name));
}

struct counting {
    const char *name;
    size_t count;
};

static enum MHD_Result count_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct counting *counting = cls;
    (void)kind;
    (void)value;
    counting->count += strcasecmp(name, counting->name) == 0;
    return MHD_YES;
}

size_t httpd_header_count(const struct httpd_request *request, const char *name)
{
    struct counting counting = {.name = name};
    MHD_get_connection_values(request->mhd, MHD_HEADER_KIND, count_header, &counting);
    return counting.count;
}

struct slice httpd_body(const struct httpd_request *request)
{
    return buf_slice(&request->body);
}

const char *httpd_peer(const struct httpd_request *request)
{
    return request->peer;
}

bool httpd_client_certificate(const struct httpd_request *request, struct httpd_certificate *out)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return request->connection->tls && info && httpd_tls_peer(info->tls_session, out);
}

struct httpd_request *httpd_find(const struct httpd *httpd, uint64_t id)
{
    for (const struct httpd_connection *c = httpd->first; c; c = c->next)
        if (c->request && c->request->id == id)
            return c->request->answered ? NULL : c->request;
    return NULL;
}

/* --- its body --- */

void httpd_forget_body(struct httpd_request *request)
{
    request->httpd->bodies_bytes -= request->body.len;
    buf_fini(&request->body);
    request->body = (struct buf){0};
}

static void tell(struct httpd_request *request, enum httpd_event event)
{
    request->httpd->options.fn(request->httpd->options.context, request, event);
    if (request->answered && request->body.ptr)
        httpd_forget_body(request);
}

/* False: it goes on and on, and the connection ends. */
static bool take_body(struct httpd_request *request, struct slice piece)
{
    struct httpd *httpd = request->httpd;
    httpd_kick(httpd); /* there may be more of it */
    if (request->answered) {
        request->dropped += piece.len;
        return request->dropped <= DROPPED_MAX;
    }
    if (request->body.len + piece.len > httpd->options.body_max) {
        tell(request, HTTPD_TOO_LARGE);
    } else if (!httpd_body_has_room(request, piece.len)) {
        tell(request, HTTPD_NO_ROOM);
    } else {
        buf_put(&request->body, piece);
        httpd->bodies_bytes += piece.len;
    }
    return true;
}

/* --- the answer --- */

void httpd_answer(struct httpd_request *request, const struct httpd_answer *answer)
{
    union {
        const char *lent;
        void *copied; /* MHD_RESPMEM_MUST_COPY: it is not written to */
    } body = {answer->body.ptr};
    request->answered = true;
    request->status = answer->status;
    request->response =
        MHD_create_response_from_buffer(answer->body.len, body.copied, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(request->response, "Content-Type", answer->content_type);
    MHD_add_response_header(request->response, "Cache-Control", "no-store");
    for (size_t i = 0; i < answer->header_count; i++)
        MHD_add_response_header(request->response, answer->headers[2 * i],
                                answer->headers[2 * i + 1]);
    if (request->suspended) {
        httpd_enter(request->connection, HTTPD_PHASE_ANSWER);
        httpd_unsuspend(request);
    }
}

void httpd_unsuspend(struct httpd_request *request)
{
    if (!request->suspended)
        return;
    request->suspended = false;
    MHD_resume_connection(request->mhd);
    httpd_kick(request->httpd);
}

static enum MHD_Result hand_on(struct httpd_request *request)
{
    struct MHD_Response *response = request->response;
    request->response = NULL;
    httpd_enter(request->connection, HTTPD_PHASE_ANSWER);
    enum MHD_Result result = MHD_queue_response(request->mhd, (unsigned)request->status, response);
    MHD_destroy_response(response);
    return result;
}

void httpd_overdue(struct httpd_request *request)
{
    tell(request, HTTPD_OVERDUE);
}

/* --- as libmicrohttpd calls --- */

void *httpd_on_url(void *cls, const char *url, struct MHD_Connection *mhd)
{
    static uint64_t last_id;
    struct httpd_request *request = mem_alloc(sizeof *request);
    (void)mhd;
    request->httpd = cls;
    request->id = ++last_id;
    /* One that is cut off names no path that there is. */
    if (strlen(url) < sizeof request->url)
        memcpy(request->url, url, strlen(url) + 1);
    return request;
}

static void read_peer(struct httpd_request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const void *bytes = NULL;
    if (address && address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address && address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (!bytes || !inet_ntop(address->sa_family, bytes, request->peer, sizeof request->peer))
        strcpy(request->peer, "?");
}

/* Where a request ends must not be a matter of opinion: what stands before the relay may see
 * another one begin in the middle of its body (RFC 9112, 6.3 and 11.2). */
static bool refuse_two_lengths(struct httpd_request *request)
{
    static const char *const headers[] = {"Connection", "close"};
    if (httpd_header_count(request, MHD_HTTP_HEADER_CONTENT_LENGTH) +
            httpd_header_count(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) <
        2)
        return false;
    httpd_answer(request,
                 &(struct httpd_answer){
                     .status = MHD_HTTP_BAD_REQUEST,
                     .content_type = "text/plain",
                     .body = SLICE("one Content-Length or one Transfer-Encoding, please\n"),
                     .headers = headers,
                     .header_count = 1});
    return true;
}

static void begin(struct httpd_request *request, struct MHD_Connection *mhd, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request->mhd = mhd;
    request->connection = info->socket_context;
    request->connection->request = request;
    snprintf(request->method, sizeof request->method, "%s", method);
    buf_init(&request->body, request->httpd->options.body_max);
    read_peer(request);
    unsigned long long length = 0;
    if (refuse_two_lengths(request))
        return;
    tell(request, HTTPD_HEAD);
    if (!request->answered &&
        slice_to_u64(httpd_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH), &length) &&
        length > request->httpd->options.body_max)
        tell(request, HTTPD_TOO_LARGE);
    if (!request->answered)
        httpd_enter(request->connection, HTTPD_PHASE_BODY);
}

enum MHD_Result httpd_on_request(void *cls, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **state)
{
    struct httpd_request *request = *state;
    (void)cls;
    (void)url;
    (void)version;
    if (!request->connection) {
        begin(request, mhd, method);
        /* Who asks first whether to send is told; who sends all the same is heard out. */
        bool asks = httpd_header(request, MHD_HTTP_HEADER_EXPECT).len > 0;
        return request->answered && asks ? hand_on(request) : MHD_YES;
    }
    if (*upload_size > 0) {
        bool go_on = take_body(request, slice_of(upload, *upload_size));
        *upload_size = 0;
        return go_on ? MHD_YES : MHD_NO;
    }
    if (!request->whole && !request->answered) {
        request->whole = true;
        httpd_enter(request->connection, HTTPD_PHASE_WAIT);
        tell(request, HTTPD_WHOLE);
    }
    if (request->answered)
        return hand_on(request);
    request->suspended = true;
    MHD_suspend_connection(mhd);
    return MHD_YES;
}

void httpd_on_completed(void *cls, struct MHD_Connection *mhd, void **state,
                        enum MHD_RequestTerminationCode code)
{
    struct httpd_request *request = *state;
    (void)cls;
    (void)mhd;
    (void)code;
    if (!request)
        return;
    if (request->connection) {
        request->connection->request = NULL;
        httpd_enter(request->connection, HTTPD_PHASE_HEAD);
    }
    httpd_forget_body(request);
    if (request->response)
        MHD_destroy_response(request->response);
    free(request);
    *state = NULL;
}
