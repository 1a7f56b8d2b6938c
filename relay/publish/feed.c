#include "publish/feed.h"

#include "base/map.h"
#include "base/mem.h"
#include "log/log.h"
#include "publish/flight.h"

#include <stdlib.h>
#include <zmq.h>

enum {
    FEED_TURN_ROWS = 256, /* at about 10 us a row: a stall of some milliseconds at most */
    FEED_TURN_BYTES = 1024 * 1024,
    FEED_SLOW_BYTES = 64 * 1024, /* with FEED_SLOW_US: 3 MB/s, hundreds of bulletins a second */
    FEED_SLOW_US = 20000,
    FEED_RETRY_US = 1000000,
    FEED_HARD_FACTOR = 4,
    FEED_SUBSCRIPTIONS_TURN = 256,
    FEED_INCOMING_BYTES_MAX = 4096, /* subscriptions; the CURVE handshake needs about 1 KiB */
    FEED_LINGER_MS = 1000,          /* the last bulletins before a stop still go out */
};

struct feed {
    struct feed_options options;
    void *socket;
    struct loop_zmq *watcher;
    struct loop_timer *again;
    struct flight *flight;
    struct subs *subs;
    uint64_t sent[3];      /* by class */
    struct map *topics[3]; /* by class: to the last number sent on it, uint64_t * */
    bool blocked;
    bool failing; /* the journal could not be read; logged once */
};

/* One turn's sending: what it may still take. */
struct feed_turn {
    struct feed *feed;
    enum alert_class class;
    size_t rows;
    size_t bytes;
    bool cut; /* there is more */
};

static void feed_send_topic(struct feed *feed, struct slice topic, zmq_msg_t *frame)
{
    zmq_msg_t shared;

    zmq_msg_init(&shared);
    zmq_msg_copy(&shared, frame);
    /* XPUB without NODROP never says EAGAIN: a full queue drops for its subscriber alone, who finds
     * the gap by `prev`. */
    if (zmq_send(feed->socket, topic.ptr, topic.len, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0 ||
        zmq_msg_send(&shared, feed->socket, ZMQ_DONTWAIT) < 0) {
        log_write(LOG_LEVEL_ERROR, "feed.send", "topic=%s error=\"%s\"", log_quote(topic).text,
                  zmq_strerror(zmq_errno()));
        zmq_msg_close(&shared);
    }
}

static void feed_note_topic(void *context, struct slice topic, uint64_t seq)
{
    struct map *topics = context;
    uint64_t *last = map_get(topics, topic);

    if (!last) {
        last = mem_alloc(sizeof(*last));
        map_put(topics, topic, last);
    }
    *last = seq;
}

static bool feed_send_row(void *context, const struct journal_row *row)
{
    struct feed_turn *turn = context;
    struct feed *feed = turn->feed;
    zmq_msg_t frame;

    if (!turn->rows || !turn->bytes) {
        turn->cut = true;
        return false;
    }
    flight_message(feed->flight, row->frame, &frame);
    for (size_t i = 0; i < row->topic_count; i++) {
        feed_send_topic(feed, row->topics[i], &frame);
        feed_note_topic(feed->topics[turn->class], row->topics[i], row->seq);
    }
    zmq_msg_close(&frame);
    feed->sent[turn->class] = row->seq;
    turn->rows--;
    turn->bytes -= row->frame.len < turn->bytes ? row->frame.len : turn->bytes;
    return true;
}

/* How many bytes this turn may send; 0: none, wait. */
static size_t feed_allowance(struct feed *feed)
{
    size_t held = flight_bytes(feed->flight);
    size_t soft = feed->options.in_flight_max_bytes;

    feed->blocked = held >= FEED_HARD_FACTOR * soft;
    if (feed->blocked)
        return 0;
    return held >= soft ? FEED_SLOW_BYTES : FEED_TURN_BYTES;
}

static void feed_note_failure(struct feed *feed, const struct err *err)
{
    if (!feed->failing)
        log_write(LOG_LEVEL_ERROR, "feed.journal", "error=%s", log_quote_cstr(err->text).text);
    feed->failing = true;
}

static void feed_take_turn(struct feed *feed)
{
    size_t allowance = feed_allowance(feed);
    struct feed_turn turn = {.feed = feed, .rows = FEED_TURN_ROWS, .bytes = allowance};
    struct err err = {0};

    if (!allowance) {
        loop_timer_start(feed->again, FEED_SLOW_US);
        return;
    }
    for (turn.class = CLASS_ACTUAL; turn.class <= CLASS_EXERCISE; turn.class ++) {
        if (journal_since(feed->options.journal, turn.class, (struct slice){NULL, 0},
                          feed->sent[turn.class], feed_send_row, &turn, &err)) {
            feed_note_failure(feed, &err);
            loop_timer_start(feed->again, FEED_RETRY_US);
            return;
        }
    }
    feed->failing = false;
    if (turn.cut)
        loop_timer_start(feed->again, allowance < FEED_TURN_BYTES ? FEED_SLOW_US : 0);
}

bool feed_idle(const struct feed *feed)
{
    return !loop_timer_active(feed->again);
}

static void feed_on_again(void *context)
{
    feed_take_turn(context);
}

/* While a turn is due, commits do not hurry it: the pace would be gone. */
void feed_advance(struct feed *feed)
{
    if (feed_idle(feed))
        feed_take_turn(feed);
}

static void feed_on_subscription(void *context, int events)
{
    struct feed *feed = context;
    zmq_msg_t message;

    (void)events;
    for (int i = 0; i < FEED_SUBSCRIPTIONS_TURN; i++) {
        zmq_msg_init(&message);
        if (zmq_msg_recv(&message, feed->socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&message);
            return;
        }
        subs_take(feed->subs, slice_of(zmq_msg_data(&message), zmq_msg_size(&message)));
        zmq_msg_close(&message);
    }
}

static enum err_code feed_open_socket(struct feed *feed, struct err *err)
{
    const struct feed_options *options = &feed->options;
    const int verboser = 1, linger_ms = FEED_LINGER_MS;
    enum err_code code;

    feed->socket = zmq_socket(options->zmq_context, ZMQ_XPUB);
    /* Verboser: every subscription and its end is reported, so that they can be counted. */
    if (!feed->socket ||
        zmq_setsockopt(feed->socket, ZMQ_SNDHWM, &options->high_water_mark, sizeof(int)) != 0 ||
        zmq_setsockopt(feed->socket, ZMQ_XPUB_VERBOSER, &verboser, sizeof(verboser)) != 0)
        return err_set(err, ERR_IO, "the feed's socket: %s", zmq_strerror(zmq_errno()));
    code = access_apply(options->access, feed->socket, FEED_INCOMING_BYTES_MAX, err);
    zmq_setsockopt(feed->socket, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
    if (!code)
        code = access_bind(options->access, feed->socket, options->endpoint, err);
    if (!code)
        code = loop_zmq_create(options->loop, feed->socket, LOOP_READ, feed_on_subscription, feed,
                               &feed->watcher, err);
    if (!code)
        loop_zmq_start(feed->watcher);
    return code;
}

static enum err_code feed_start_at_head(struct feed *feed, struct err *err)
{
    struct journal_head head;

    for (enum alert_class class = CLASS_ACTUAL; class <= CLASS_EXERCISE; class ++) {
        enum err_code code = journal_head(feed->options.journal, class, &head, err);

        feed->topics[class] = map_create();
        if (!code)
            code = journal_topics(feed->options.journal, class, feed_note_topic,
                                  feed->topics[class], err);
        if (code)
            return code;
        feed->sent[class] = head.seq;
    }
    return OK;
}

enum err_code feed_create(const struct feed_options *options, struct feed **out, struct err *err)
{
    struct feed *feed = mem_alloc(sizeof(*feed));
    enum err_code code;

    feed->options = *options;
    feed->flight = flight_create();
    feed->subs = subs_create();
    feed->again = loop_timer_create(options->loop, feed_on_again, feed);
    code = feed_start_at_head(feed, err);
    if (!code)
        code = feed_open_socket(feed, err);
    if (code)
        feed_destroy(feed);
    else
        *out = feed;
    return code;
}

void feed_destroy(struct feed *feed)
{
    if (!feed)
        return;
    loop_zmq_destroy(feed->watcher);
    loop_timer_destroy(feed->again);
    if (feed->socket)
        zmq_close(feed->socket);
    flight_destroy(feed->flight);
    subs_destroy(feed->subs);
    map_destroy(feed->topics[CLASS_ACTUAL], free);
    map_destroy(feed->topics[CLASS_EXERCISE], free);
    free(feed);
}

uint64_t feed_sent(const struct feed *feed, enum alert_class class)
{
    return feed->sent[class];
}

void feed_topics(const struct feed *feed, enum alert_class class, journal_topic_fn each,
                 void *context)
{
    size_t position = 0;
    struct slice topic;
    void *last;

    while (map_next(feed->topics[class], &position, &topic, &last))
        each(context, topic, *(uint64_t *)last);
}

void feed_send_beat(struct feed *feed, struct slice topic, struct slice frame)
{
    zmq_msg_t message;

    flight_message(feed->flight, frame, &message);
    feed_send_topic(feed, topic, &message);
    zmq_msg_close(&message);
}

struct feed_state feed_state(const struct feed *feed)
{
    return (struct feed_state){
        .blocked = feed->blocked,
        .in_flight_bytes = flight_bytes(feed->flight),
    };
}

const struct subs *feed_subs(const struct feed *feed)
{
    return feed->subs;
}
