/*
 * inject: authorities hand in alerts over a ROUTER socket (docs/protocol.md 5).
 *
 * Every request that can be answered is answered with a signed receipt. Faults of the request
 * itself are refused here; everything else goes to intake with the authority's grants, and the
 * receipt that the journal stored goes back after the commit. The same bytes of the same authority
 * get that same receipt whenever they come again.
 */
#include "adapters/host.h"
#include "adapters/inject/door.h"
#include "adapters/inject/nonces.h"
#include "publish/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

enum {
    INJECT_MESSAGE_MAX = 9 * 1024 * 1024, /* an alert of 8 MiB, its header and signature */
    INJECT_TAKEN_PER_TURN = 4             /* each may be a parse and a signature check */
};

struct inject {
    struct host *host;
    void *socket;
    struct loop_zmq *watcher;
    struct nonces nonces;
    struct door door;
    bool paused;
};

/* One message. */
struct arrival {
    struct slice identity; /* the routing id that ROUTER puts before */
    struct slice frame;    /* the request */
    struct slice peer;     /* from where, as ZeroMQ knows it; with a NUL behind */
    size_t frames;         /* the routing id too; two make a request */
};

static const struct conf_row options[] = {{.type = CONF_END}};

/* --- answers --- */

/* Never waits: who does not read its answer asks again and gets the stored receipt. */
static void answer(void *context, struct slice identity, struct slice receipt)
{
    struct inject *inject = context;
    if (!inject->socket)
        return;
    if (zmq_send(inject->socket, identity.ptr, identity.len, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0 ||
        zmq_send(inject->socket, receipt.ptr, receipt.len, ZMQ_DONTWAIT) < 0)
        host_log(inject->host, LOG_LEVEL_NOTICE, "inject.unanswered", "reason=%s",
                 log_quote_cstr(zmq_strerror(zmq_errno())).text);
}

static void answer_refusal(struct inject *inject, const struct arrival *arrival,
                           const struct request *request, const char *reason, const char *text)
{
    struct buf frame;
    char line[500];
    snprintf(line, sizeof line, "%s (from %s)", text, arrival->peer.ptr);
    buf_init(&frame, REFUSALS_RECEIPT_MAX);
    refusals_log(&inject->door.refusals, request, reason, line);
    if (refusals_seal(&inject->door.refusals, request, reason, text, &frame))
        answer(inject, arrival->identity, buf_slice(&frame));
    buf_fini(&frame);
}

/* --- requests --- */

static bool check_nonce(struct inject *inject, struct arena *arena, const struct request *request,
                        struct request_refusal *refusal)
{
    char hex[2 * REQUEST_NONCE_BYTES + 1];
    hex_encode(request->nonce, sizeof request->nonce, hex);
    struct slice key = arena_printf(arena, "%s %s", hex, request->known->name.ptr);
    switch (nonces_take(&inject->nonces, key, host_now_us(inject->host))) {
    case NONCE_NEW:
        return true;
    case NONCE_REPEATED:
        *refusal = (struct request_refusal){"inject.nonce", "this nonce was used before"};
        return false;
    default:
        *refusal = (struct request_refusal){"inject.busy",
                                            "too many requests in the last minutes; try later"};
        return false;
    }
}

static void take_request(struct inject *inject, struct arena *arena, const struct arrival *arrival)
{
    struct request request;
    struct request_refusal refusal;
    struct slice receipt;
    enum door_verdict verdict = DOOR_REFUSED;
    if (request_read(arena, arrival->frame, host_conf(inject->host), host_now_us(inject->host),
                     &request, &refusal) &&
        check_nonce(inject, arena, &request, &refusal))
        verdict = door_take(&inject->door, arena, &request, arrival->identity, &receipt, &refusal);
    if (verdict == DOOR_REFUSED)
        answer_refusal(inject, arrival, &request, refusal.reason, refusal.text);
    else if (verdict == DOOR_STORED)
        answer(inject, arrival->identity, receipt);
}

/* --- the socket --- */

/* All frames of one message. False where there is none now. */
static bool receive(struct inject *inject, struct arena *arena, struct arrival *arrival)
{
    int more = 1;
    *arrival = (struct arrival){.peer = SLICE("?")};
    while (more) {
        zmq_msg_t msg;
        zmq_msg_init(&msg);
        if (zmq_msg_recv(&msg, inject->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&msg);
            return false;
        }
        struct slice bytes = slice_of(zmq_msg_data(&msg), zmq_msg_size(&msg));
        const char *peer = zmq_msg_gets(&msg, "Peer-Address");
        if (arrival->frames < 2)
            *(arrival->frames == 0 ? &arrival->identity : &arrival->frame) =
                arena_copy(arena, bytes);
        if (peer)
            arrival->peer = arena_printf(arena, "%s", peer);
        arrival->frames++;
        more = zmq_msg_more(&msg);
        zmq_msg_close(&msg);
    }
    return true;
}

static bool is_open(const struct inject *inject)
{
    return inject->watcher && !inject->paused && door_has_room(&inject->door);
}

static void update_watch(struct inject *inject)
{
    if (!inject->watcher)
        return;
    if (is_open(inject))
        loop_zmq_start(inject->watcher);
    else
        loop_zmq_stop(inject->watcher);
}

static void on_readable(void *context, int events)
{
    struct inject *inject = context;
    (void)events;
    for (int i = 0; i < INJECT_TAKEN_PER_TURN && is_open(inject); i++) {
        struct arena *arena = arena_create();
        struct arrival arrival;
        bool got = receive(inject, arena, &arrival);
        if (got && arrival.frames == 2)
            take_request(inject, arena, &arrival);
        else if (got)
            answer_refusal(inject, &arrival, &(struct request){0}, "inject.unreadable",
                           "a request is one frame");
        arena_destroy(arena);
        if (!got)
            break;
    }
    update_watch(inject);
}

/* --- the contract --- */

static enum err_code inject_init(void *instance, struct host *host, struct err *err)
{
    struct inject *inject = instance;
    (void)err;
    inject->host = host;
    inject->door = (struct door){.host = host, .answer = answer, .context = inject};
    nonces_init(&inject->nonces);
    return OK;
}

/* Frees the endpoint at once, not only when ZeroMQ's reaper comes by: a start may follow. */
static void close_socket(void *socket)
{
    char endpoint[256];
    size_t size = sizeof endpoint;
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0 && endpoint[0])
        zmq_unbind(socket, endpoint);
    zmq_close(socket);
}

static void inject_stop(void *instance)
{
    struct inject *inject = instance;
    loop_zmq_destroy(inject->watcher);
    inject->watcher = NULL;
    if (inject->socket)
        close_socket(inject->socket);
    inject->socket = NULL;
    door_stop(&inject->door);
    inject->paused = false;
}

static enum err_code open_socket(struct inject *inject, const struct hosts_options *now,
                                 struct err *err)
{
    const char *endpoint = host_conf(inject->host)->listen.inject.ptr;
    if (!now->zmq_context || !now->access || !endpoint)
        return err_set(err, ERR_STATE,
                       "listen.inject was not set when the relay was started: restart it");
    inject->socket = zmq_socket(now->zmq_context, ZMQ_ROUTER);
    if (!inject->socket)
        return err_set(err, ERR_IO, "ZeroMQ: %s", zmq_strerror(zmq_errno()));
    enum err_code code = access_apply(now->access, inject->socket, INJECT_MESSAGE_MAX, err);
    if (code == OK)
        code = access_bind(now->access, inject->socket, endpoint, err);
    return code;
}

static enum err_code inject_start(void *instance, struct err *err)
{
    struct inject *inject = instance;
    enum err_code code = door_start(&inject->door, err);
    if (code == OK)
        code = open_socket(inject, host_options(inject->host), err);
    if (code == OK)
        code = loop_zmq_create(host_loop(inject->host), inject->socket, LOOP_READ, on_readable,
                               inject, &inject->watcher, err);
    if (code != OK)
        return code; /* the host calls stop */
    update_watch(inject);
    host_state(inject->host, SOURCE_LIVE, "listening on %s",
               host_conf(inject->host)->listen.inject.ptr);
    return OK;
}

static void inject_fini(void *instance)
{
    struct inject *inject = instance;
    inject_stop(inject);
    nonces_fini(&inject->nonces);
    door_fini(&inject->door);
}

static void inject_pause(void *instance)
{
    struct inject *inject = instance;
    inject->paused = true;
    update_watch(inject);
}

static void inject_resume(void *instance)
{
    struct inject *inject = instance;
    inject->paused = false;
    update_watch(inject);
}

static void inject_settled(void *instance, const struct adapter_outcome *outcome)
{
    struct inject *inject = instance;
    door_settled(&inject->door, outcome);
    update_watch(inject);
}

const struct adapter_ops adapter_inject = {
    .name = "inject",
    .summary = "alerts that authorities hand in over ZeroMQ",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct inject),
    .options = options,
    .init = inject_init,
    .start = inject_start,
    .stop = inject_stop,
    .fini = inject_fini,
    .pause = inject_pause,
    .resume = inject_resume,
    .settled = inject_settled,
};
