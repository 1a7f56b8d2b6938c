#include "client/internal.h"

#include "base/digest.h"

#include <errno.h>
#include <time.h>
#include <zmq.h>

enum {
    MESSAGE_BYTES_MAX = 24 * 1024 * 1024 + 4096,
    HEARTBEAT_MS = 5000,
    HEARTBEAT_TIMEOUT_MS = 15000,
    RECONNECT_MAX_MS = 30000,
    FEED_QUEUE = 20000 /* messages: the burst after an outage */
};

int64_t client_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value);
}

/* After an outage thousands come back; each takes its own first pause. */
static int reconnect_ms(void)
{
    uint32_t random;

    seal_random(&random, sizeof random);
    return 100 + (int)(random % 400);
}

static int set_limits(void *socket)
{
    int64_t bytes_max = MESSAGE_BYTES_MAX;

    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes_max, sizeof bytes_max) ||
           set_int(socket, ZMQ_LINGER, 0) || set_int(socket, ZMQ_RCVHWM, FEED_QUEUE) ||
           set_int(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) ||
           set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS) ||
           set_int(socket, ZMQ_RECONNECT_IVL, reconnect_ms()) ||
           set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
}

static int set_curve(const struct caprelay *relay, void *socket)
{
    if (!relay->card.has_curve)
        return 0;
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, relay->card.curve, KEY_PUBLIC_BYTES) ||
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, relay->curve.public_key, KEY_PUBLIC_BYTES) ||
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, relay->curve.secret_key, KEY_PUBLIC_BYTES);
}

static int subscribe(const struct caprelay *relay, void *socket)
{
    char beat[32] = "beat.";

    for (size_t i = 0; i < relay->topic_count; i++)
        if (zmq_setsockopt(socket, ZMQ_SUBSCRIBE, relay->topics[i].ptr, relay->topics[i].len) != 0)
            return -1;
    strcat(beat, alert_class_name(relay->class));
    strcat(beat, ".");
    return zmq_setsockopt(socket, ZMQ_SUBSCRIBE, beat, strlen(beat));
}

enum caprelay_code client_connect(struct caprelay *relay, int type, const char *endpoint,
                                  void **socket, struct caprelay_error *error)
{
    if (*socket)
        return CAPRELAY_OK;
    if (!relay->context)
        relay->context = zmq_ctx_new();
    *socket = relay->context ? zmq_socket(relay->context, type) : NULL;
    if (*socket && set_limits(*socket) == 0 && set_curve(relay, *socket) == 0 &&
        (type != ZMQ_SUB || subscribe(relay, *socket) == 0) && zmq_connect(*socket, endpoint) == 0)
        return CAPRELAY_OK;
    int reason = errno;
    if (*socket)
        zmq_close(*socket);
    *socket = NULL;
    return client_error(error, CAPRELAY_IO, "cannot connect to %s: %s", endpoint,
                        zmq_strerror(reason));
}

enum caprelay_code client_follow_connect(struct caprelay *relay, struct caprelay_error *error)
{
    if (relay->feed && relay->query)
        return CAPRELAY_OK;
    if (client_connect(relay, ZMQ_SUB, relay->card.feed, &relay->feed, error) != CAPRELAY_OK)
        return error ? error->code : CAPRELAY_IO;
    return client_connect(relay, ZMQ_DEALER, relay->card.query, &relay->query, error);
}

void client_disconnect(struct caprelay *relay)
{
    void **sockets[] = {&relay->feed, &relay->query, &relay->ask};

    for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) {
        if (*sockets[i])
            zmq_close(*sockets[i]);
        *sockets[i] = NULL;
    }
    if (relay->context)
        zmq_ctx_term(relay->context);
    relay->context = NULL;
}

/* false: the queue to the relay is full, or there is no relay; the caller tries again. */
bool client_send(void *socket, struct slice frame)
{
    return zmq_send(socket, frame.ptr, frame.len, ZMQ_DONTWAIT) >= 0;
}

bool client_receive(void *socket, struct arena *arena, struct message *out)
{
    size_t capacity = 0;
    bool more = true;

    *out = (struct message){0};
    while (more) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&part);
            return false;
        }
        more = zmq_msg_more(&part) != 0;
        if (out->count < ANSWER_FRAMES_MAX) {
            out->frames =
                arena_grow(arena, out->frames, out->count, &capacity, sizeof *out->frames);
            out->frames[out->count++] =
                arena_copy(arena, slice_of(zmq_msg_data(&part), zmq_msg_size(&part)));
        }
        zmq_msg_close(&part);
    }
    return true;
}

void client_wait(void *first, void *second, int64_t timeout_us)
{
    zmq_pollitem_t items[2] = {0};
    int count = 0;

    if (first)
        items[count++] = (zmq_pollitem_t){.socket = first, .events = ZMQ_POLLIN};
    if (second)
        items[count++] = (zmq_pollitem_t){.socket = second, .events = ZMQ_POLLIN};
    /* Rounded up: a wait of less than a millisecond must not become a busy loop. */
    (void)zmq_poll(items, count, timeout_us < 0 ? -1 : (long)((timeout_us + 999) / 1000));
}
