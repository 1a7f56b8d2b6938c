#include "publish/query.h"

#include "base/mem.h"
#include "log/log.h"
#include "publish/answer.h"
#include "seal/packet.h"

#include <stdlib.h>
#include <string.h>

enum {
    QUERY_REQUEST_BYTES_MAX = 64 * 1024,
    QUERY_TURN_MAX = 32,
    QUERY_TURN_BYTES = 1024 * 1024, /* then the others have their turn: some milliseconds */
    QUERY_QUEUE_MAX = 16,           /* answers waiting for one peer */
    QUERY_IN_FLIGHT_MAX = 128 * 1024 * 1024, /* held for all slow readers together */
    QUERY_NONCE_CHARS = 32,
    QUERY_VERB_MAX = 32,
};

struct queries {
    struct queries_options options;
    void *socket;
    struct loop_zmq *watcher;
    struct flight *flight;
    size_t turn_bytes; /* answered in this turn of the loop */
};

static const struct {
    const char *verb;
    query_fn run;
} query_verbs[] = {
    {"since", query_since},   {"in-force", query_in_force}, {"get", query_get},
    {"copies", query_copies}, {"why", query_why},           {"status", query_status},
    {"keys", query_keys},
};

const struct key *query_key(const struct queries_options *options, enum alert_class class)
{
    return class == CLASS_EXERCISE ? options->exercise_key : options->actual_key;
}

bool query_number(const struct query *query, struct answer *answer, const char *name, uint64_t max,
                  bool required, uint64_t *value)
{
    const json_t *item = json_object_get(query->json, name);
    json_int_t number = json_integer_value(item);

    if ((!item || json_is_null(item)) && !required)
        return true;
    if (!json_is_integer(item) || number < 0 || (uint64_t)number > max) {
        answer_fail(answer, "bad-request", "%s: a number from 0 to %llu is needed", name,
                    (unsigned long long)max);
        return false;
    }
    *value = (uint64_t)number;
    return true;
}

static bool is_nonce(struct slice text)
{
    uint8_t bytes[QUERY_NONCE_CHARS / 2];

    return text.len == QUERY_NONCE_CHARS && hex_decode(text, bytes, sizeof(bytes));
}

/* What every request has. What could be read is kept for the answer even where the rest is wrong.
 */
static bool query_read(struct query *query, struct answer *answer, struct slice text)
{
    struct err err = {0};
    struct json_fields fields = {.arena = query->arena, .err = &err};
    struct slice verb, nonce, class_name;

    query->json = json_read(text, &err);
    if (!query->json) {
        answer_fail(answer, "bad-request", "%s", err.text);
        return false;
    }
    verb = json_get_text(&fields, query->json, "verb");
    nonce = json_get_text(&fields, query->json, "nonce");
    class_name = json_get_text(&fields, query->json, "class");
    if (!json_failed(&fields) && verb.len <= QUERY_VERB_MAX)
        query->verb = verb;
    if (is_nonce(nonce))
        query->nonce = nonce;
    else
        json_fail(&fields, "nonce", "32 hex digits");
    if (alert_class_from_name(class_name))
        query->class = alert_class_from_name(class_name);
    else
        json_fail(&fields, "class", "actual or exercise");
    if (json_failed(&fields))
        answer_fail(answer, "bad-request", "%s", err.text);
    return !json_failed(&fields);
}

static void query_run(struct queries *queries, const struct query *query, struct answer *answer)
{
    if (flight_bytes(queries->flight) > QUERY_IN_FLIGHT_MAX) {
        answer_fail(answer, "busy", "too many answers are waiting to be read; ask again later");
        return;
    }
    for (size_t i = 0; i < sizeof(query_verbs) / sizeof(query_verbs[0]); i++)
        if (slice_eq_cstr(query->verb, query_verbs[i].verb)) {
            query_verbs[i].run(query, answer);
            return;
        }
    answer_fail(answer, "unknown-verb", "there is no verb \"%.*s\"", SLICE_ARG(query->verb));
}

/* ROUTER drops an answer whole where its peer is gone or its queue is full. */
static void query_send(struct queries *queries, zmq_msg_t *peer, struct answer *answer,
                       const struct query *query)
{
    struct buf header;
    zmq_msg_t head;
    bool sent;

    queries->turn_bytes += answer->bytes;
    buf_init(&header, PACKET_HEADER_BYTES_MAX + 1024);
    answer_seal(answer, query, &header);
    flight_message(queries->flight, buf_slice(&header), &head);
    buf_fini(&header);
    sent =
        zmq_msg_send(peer, queries->socket, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
        zmq_msg_send(&head, queries->socket, ZMQ_DONTWAIT | (answer->count ? ZMQ_SNDMORE : 0)) >= 0;
    for (size_t i = 0; sent && i < answer->count; i++)
        sent = zmq_msg_send(&answer->frames[i], queries->socket,
                            ZMQ_DONTWAIT | (i + 1 < answer->count ? ZMQ_SNDMORE : 0)) >= 0;
    if (!sent)
        log_write(LOG_LEVEL_ERROR, "query.send", "error=\"%s\"", zmq_strerror(zmq_errno()));
    zmq_msg_close(&head);
}

static void query_handle(struct queries *queries, zmq_msg_t *peer, struct slice request, bool whole)
{
    struct query query = {
        .options = &queries->options,
        .arena = arena_create(),
        .verb = SLICE(""),
        .nonce = SLICE(""),
        .class = CLASS_ACTUAL,
        .now_us = clock_now_us(loop_clock(queries->options.loop)),
    };
    struct answer answer;

    answer_init(&answer, queries->flight, queries->options.answer_max_bytes);
    if (!whole)
        answer_fail(&answer, "bad-request", "a request is one frame");
    else if (query_read(&query, &answer, request))
        query_run(queries, &query, &answer);
    query_send(queries, peer, &answer, &query);
    answer_fini(&answer);
    json_decref((json_t *)query.json);
    arena_destroy(query.arena);
}

/* Reads the frames behind the first two away; true if there were any. */
static bool query_skip_rest(void *socket)
{
    int more = 0;
    size_t size = sizeof(more);
    bool any = false;
    char spill[1];

    while (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more) {
        any = true;
        if (zmq_recv(socket, spill, sizeof(spill), ZMQ_DONTWAIT) < 0)
            break;
    }
    return any;
}

/* False when there is no request. */
static bool query_take(struct queries *queries)
{
    zmq_msg_t peer, request;
    bool taken = false;

    zmq_msg_init(&peer);
    zmq_msg_init(&request);
    if (zmq_msg_recv(&peer, queries->socket, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&peer)) {
        taken = true;
        if (zmq_msg_recv(&request, queries->socket, ZMQ_DONTWAIT) >= 0) {
            bool whole = !query_skip_rest(queries->socket);

            query_handle(queries, &peer, slice_of(zmq_msg_data(&request), zmq_msg_size(&request)),
                         whole);
        }
    }
    zmq_msg_close(&request);
    zmq_msg_close(&peer);
    return taken;
}

static void query_on_request(void *context, int events)
{
    struct queries *queries = context;

    (void)events;
    queries->turn_bytes = 0;
    for (int i = 0; i < QUERY_TURN_MAX && queries->turn_bytes < QUERY_TURN_BYTES; i++)
        if (!query_take(queries))
            return;
}

enum err_code queries_create(const struct queries_options *options, struct queries **out,
                             struct err *err)
{
    struct queries *queries = mem_alloc(sizeof(*queries));
    const int queue_max = QUERY_QUEUE_MAX;
    enum err_code code = OK;

    queries->options = *options;
    queries->flight = flight_create();
    queries->socket = zmq_socket(options->zmq_context, ZMQ_ROUTER);
    if (!queries->socket ||
        zmq_setsockopt(queries->socket, ZMQ_SNDHWM, &queue_max, sizeof(queue_max)) != 0)
        code = err_set(err, ERR_IO, "the queries' socket: %s", zmq_strerror(zmq_errno()));
    if (!code)
        code = access_apply(options->access, queries->socket, QUERY_REQUEST_BYTES_MAX, err);
    if (!code)
        code = access_bind(options->access, queries->socket, options->endpoint, err);
    if (!code)
        code = loop_zmq_create(options->loop, queries->socket, LOOP_READ, query_on_request, queries,
                               &queries->watcher, err);
    if (code) {
        queries_destroy(queries);
        return code;
    }
    loop_zmq_start(queries->watcher);
    *out = queries;
    return OK;
}

void queries_destroy(struct queries *queries)
{
    if (!queries)
        return;
    loop_zmq_destroy(queries->watcher);
    if (queries->socket)
        zmq_close(queries->socket);
    flight_destroy(queries->flight);
    free(queries);
}
