#include "publish/access.h"

#include "base/digest.h"
#include "base/mem.h"
#include "log/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_DOMAIN "caprelay"

enum {
    ZAP_FRAMES =
        9, /* routing id, empty, version, request, domain, address, identity, mechanism, key */
    ZAP_FRAME_MAX = 256,
    ZAP_TURN_MAX = 64, /* handshakes answered in a turn: some microseconds each */
    STALLED_MS =
        60000, /* a peer that takes nothing for so long is cut off, and what it pins is freed */
};

struct access {
    bool curve;
    bool any;
    uint8_t secret_key[KEY_PUBLIC_BYTES];
    struct access_client *allowed;
    size_t allowed_count;
    int heartbeat_ms;
    int backlog;
    struct access_counts counts;
    void *zap;
    struct loop_zmq *watcher;
};

/* One ZAP request as it came; `sizes` of what there was, also where a frame was longer than its
 * place. */
struct zap_request {
    uint8_t frames[ZAP_FRAMES][ZAP_FRAME_MAX];
    size_t sizes[ZAP_FRAMES];
    size_t count;
};

static struct slice zap_frame(const struct zap_request *request, size_t index)
{
    if (index >= request->count || request->sizes[index] > ZAP_FRAME_MAX)
        return (struct slice){NULL, 0};
    return slice_of(request->frames[index], request->sizes[index]);
}

/* Takes one whole message; false when there is none. */
static bool zap_receive(void *socket, struct zap_request *request)
{
    int more = 1;
    size_t more_size = sizeof(more);
    uint8_t spill[ZAP_FRAME_MAX];

    memset(request, 0, sizeof(*request));
    while (more) {
        bool fits = request->count < ZAP_FRAMES;
        int size = zmq_recv(socket, fits ? request->frames[request->count] : spill, ZAP_FRAME_MAX,
                            ZMQ_DONTWAIT);
        if (size < 0)
            return false;
        if (fits)
            request->sizes[request->count] = (size_t)size;
        request->count++;
        if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size) != 0)
            return false;
    }
    return true;
}

static bool access_lists(const struct access *access, struct slice client_key)
{
    for (size_t i = 0; i < access->allowed_count; i++)
        if (memcmp(access->allowed[i].public_key, client_key.ptr, KEY_PUBLIC_BYTES) == 0)
            return true;
    return false;
}

static bool access_admits(const struct access *access, const struct zap_request *request)
{
    struct slice client_key = zap_frame(request, 8);

    if (request->count != ZAP_FRAMES || !slice_eq_cstr(zap_frame(request, 2), "1.0") ||
        !slice_eq_cstr(zap_frame(request, 4), ZAP_DOMAIN) ||
        !slice_eq_cstr(zap_frame(request, 7), "CURVE") || client_key.len != KEY_PUBLIC_BYTES)
        return false;
    return access->any || access_lists(access, client_key);
}

static void zap_log_denied(const struct zap_request *request)
{
    struct slice client_key = zap_frame(request, 8);
    char hex[2 * KEY_PUBLIC_BYTES + 1] = "";

    if (client_key.len == KEY_PUBLIC_BYTES)
        hex_encode((const uint8_t *)client_key.ptr, client_key.len, hex);
    log_write(LOG_LEVEL_WARNING, "access.denied", "address=%s mechanism=%s key=%s",
              log_quote(zap_frame(request, 5)).text, log_quote(zap_frame(request, 7)).text, hex);
}

/* RFC 27: version, request id, status, text, user id, metadata. */
static void zap_answer(void *socket, const struct zap_request *request, bool admitted)
{
    struct slice user = SLICE("");
    const struct slice reply[] = {
        zap_frame(request, 0),
        SLICE(""),
        SLICE("1.0"),
        zap_frame(request, 3),
        admitted ? SLICE("200") : SLICE("400"),
        admitted ? SLICE("OK") : SLICE("this key may not connect"),
        user,
        SLICE(""),
    };
    const size_t count = sizeof(reply) / sizeof(reply[0]);

    for (size_t i = 0; i < count; i++)
        if (zmq_send(socket, reply[i].ptr, reply[i].len,
                     ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0)) < 0) {
            log_write(LOG_LEVEL_ERROR, "access.zap", "error=\"%s\"", zmq_strerror(zmq_errno()));
            return;
        }
}

static void access_on_zap(void *context, int events)
{
    struct access *access = context;
    struct zap_request request;

    (void)events;
    for (int i = 0; i < ZAP_TURN_MAX && zap_receive(access->zap, &request); i++) {
        bool admitted = access_admits(access, &request);

        if (admitted)
            access->counts.admitted++;
        else
            access->counts.denied++;
        if (!admitted)
            zap_log_denied(&request);
        zap_answer(access->zap, &request, admitted);
    }
}

static enum err_code access_serve_zap(struct access *access, struct loop *loop, void *zmq_context,
                                      struct err *err)
{
    enum err_code code;

    access->zap = zmq_socket(zmq_context, ZMQ_ROUTER);
    if (!access->zap || zmq_bind(access->zap, ZAP_ENDPOINT) != 0)
        return err_set(err, ERR_IO, "the ZAP handler cannot be set up: %s",
                       zmq_strerror(zmq_errno()));
    code =
        loop_zmq_create(loop, access->zap, LOOP_READ, access_on_zap, access, &access->watcher, err);
    if (!code)
        loop_zmq_start(access->watcher);
    return code;
}

enum err_code access_create(struct loop *loop, void *zmq_context,
                            const struct access_options *options, struct access **out,
                            struct err *err)
{
    struct access *access = mem_alloc(sizeof(*access));
    enum err_code code = OK;

    access->curve = options->curve;
    access->heartbeat_ms = (int)(options->heartbeat_us / 1000);
    access->backlog = options->backlog;
    access_set_allowed(access, options->any, options->allowed, options->allowed_count);
    if (options->curve) {
        const struct key *key = options->server_key;

        if (!key || key->purpose != KEY_CURVE || !key->has_secret)
            code = err_set(err, ERR_INVALID, "CURVE needs a key of purpose curve with its secret");
        else
            memcpy(access->secret_key, key->secret_key, KEY_PUBLIC_BYTES);
        if (!code)
            code = access_serve_zap(access, loop, zmq_context, err);
    }
    if (code)
        access_destroy(access);
    else
        *out = access;
    return code;
}

void access_destroy(struct access *access)
{
    if (!access)
        return;
    loop_zmq_destroy(access->watcher);
    if (access->zap)
        zmq_close(access->zap);
    explicit_bzero(access->secret_key, sizeof(access->secret_key));
    free(access->allowed);
    free(access);
}

void access_set_allowed(struct access *access, bool any, const struct access_client *allowed,
                        size_t count)
{
    struct access_client *copy = mem_alloc_array(count, sizeof(*copy));

    if (count)
        memcpy(copy, allowed, count * sizeof(*copy));
    free(access->allowed);
    access->allowed = copy;
    access->allowed_count = count;
    access->any = any;
}

static bool access_set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof(value)) == 0;
}

static bool access_set_limits(const struct access *access, void *socket, size_t max_bytes)
{
    int64_t max = (int64_t)max_bytes;

    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof(max)) == 0 &&
           access_set_int(socket, ZMQ_LINGER, 0) &&
           access_set_int(socket, ZMQ_BACKLOG, access->backlog) &&
           access_set_int(socket, ZMQ_TCP_MAXRT, STALLED_MS) &&
           access_set_int(socket, ZMQ_HEARTBEAT_IVL, access->heartbeat_ms) &&
           access_set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, 3 * access->heartbeat_ms);
}

static bool access_set_curve(const struct access *access, void *socket)
{
    return access_set_int(socket, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, access->secret_key, KEY_PUBLIC_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, sizeof(ZAP_DOMAIN) - 1) == 0;
}

enum err_code access_apply(const struct access *access, void *socket, size_t max_bytes,
                           struct err *err)
{
    if (!access_set_limits(access, socket, max_bytes) ||
        (access->curve && !access_set_curve(access, socket)))
        return err_set(err, ERR_IO, "a socket option was refused: %s", zmq_strerror(zmq_errno()));
    return OK;
}

enum err_code access_bind(const struct access *access, void *socket, const char *endpoint,
                          struct err *err)
{
    if (!access->curve && !access_endpoint_is_local(endpoint))
        return err_set(err, ERR_INVALID, "%s: without CURVE only the loopback may be listened on",
                       endpoint);
    if (strchr(endpoint, '['))
        access_set_int(socket, ZMQ_IPV6, 1);
    if (zmq_bind(socket, endpoint) != 0)
        return err_set(err, ERR_IO, "%s: %s", endpoint, zmq_strerror(zmq_errno()));
    return OK;
}

/* "127.a.b.c" written as an address: a name such as 127.example.org may lead anywhere. */
static bool is_loopback_v4(struct slice host)
{
    struct slice part;
    unsigned long long number;
    int count = 0;

    if (!slice_starts_with(host, "127."))
        return false;
    while (slice_next_part(&host, '.', &part)) {
        if (!slice_to_u64(part, &number) || number > 255)
            return false;
        count++;
    }
    return count == 4;
}

bool access_endpoint_is_local(const char *endpoint)
{
    struct slice rest = slice_from_cstr(endpoint);
    const char *colon;

    if (slice_starts_with(rest, "ipc://") || slice_starts_with(rest, "inproc://"))
        return true;
    if (!slice_starts_with(rest, "tcp://"))
        return false;
    rest = slice_sub(rest, 6, rest.len);
    colon = memrchr(rest.ptr, ':', rest.len);
    if (!colon)
        return false;
    rest.len = (size_t)(colon - rest.ptr);
    return slice_eq_cstr(rest, "localhost") || slice_eq_cstr(rest, "[::1]") || is_loopback_v4(rest);
}

struct access_counts access_counts(const struct access *access)
{
    return access->counts;
}
