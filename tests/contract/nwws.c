/*
 * NWWS-OI's far end: a chat room in memory that keeps what was said. The symbols of xmpp/muc.h are
 * this file's.
 */
#include "tests/contract/suite.h"

#include "xmpp/muc.h"

enum {
    SAID_MAX = 50,
    ANSWER_US = 20000,
    SLOW_US = 20 * SECOND,
    PING_US = 60 * SECOND,
    SILENCE_US = 90 * SECOND
};

struct said {
    char *payload;
    int64_t at_us;
};

struct muc {
    struct loop *loop;
    struct muc_events events;
    struct loop_timer *timer;
    int64_t since_us;
    int next, live_from; /* of what was said: what comes next, what came after the joining */
    bool joined, held;
    struct loop_timer *ping;
};

static struct said said[SAID_MAX];
static int said_count, connections;
static enum contract_fault trouble;
static struct muc *seat;

static const char *what_is_wrong(void)
{
    static const char *const texts[CONTRACT_FAULTS] = {
        [CONTRACT_REFUSED] = "nwws.example:5222: Connection refused",
        [CONTRACT_STALLED] = "nwws.example:5222: no answer to a ping for 30 s",
        [CONTRACT_TLS] = "the server's certificate is not good: certificate has expired",
        [CONTRACT_DNS] = "nwws.example:5222: no address, or nobody there"};
    return texts[trouble];
}

static void say_next(struct muc *muc)
{
    char number[32];
    int i = muc->next++;
    snprintf(number, sizeof number, "14425.%d", i + 1);
    const struct muc_field fields[] = {{SLICE("awipsid"), SLICE("CAPCAR")},
                                       {SLICE("id"), slice_from_cstr(number)}};
    const struct muc_message message = {.nick = SLICE("nwws-oi"),
                                        .said_us = i < muc->live_from ? said[i].at_us : 0,
                                        .body = SLICE("KWBC issues CAP"),
                                        .payload = slice_from_cstr(said[i].payload),
                                        .fields = fields,
                                        .field_count = 2};
    muc->events.message(muc->events.context, &message);
}

static void serve(void *context)
{
    struct muc *muc = context;
    if (what_is_wrong()) {
        muc->events.lost(muc->events.context, what_is_wrong());
        return; /* left by its owner */
    }
    if (!muc->joined) {
        muc->joined = true;
        muc->live_from = said_count;
        while (muc->next < said_count && said[muc->next].at_us < muc->since_us)
            muc->next++;
        muc->events.joined(muc->events.context, SLICE("relay"));
    } else if (muc->next < said_count) {
        say_next(muc);
    }
    if (seat == muc && !muc->held && muc->next < said_count)
        loop_timer_start(muc->timer, trouble == CONTRACT_SLOW ? SLOW_US : ANSWER_US);
}

/* Answered in order: after all that was said before. */
static void on_ping(void *context)
{
    struct muc *muc = context;
    if (muc->joined && !muc->held && muc->next == said_count && !what_is_wrong())
        muc->events.abreast(muc->events.context, clock_now_us(loop_clock(muc->loop)));
}

void muc_hold(struct muc *muc)
{
    muc->held = true;
    loop_timer_stop(muc->timer);
}

void muc_release(struct muc *muc)
{
    muc->held = false;
    loop_timer_start(muc->timer, ANSWER_US);
}

struct muc *muc_join(struct loop *loop, const struct muc_server *server,
                     const struct muc_room *room, const struct muc_events *events)
{
    struct muc *muc = mem_alloc(sizeof *muc);
    if (seat || strcmp(server->password, "secret") != 0)
        abort();
    *muc = (struct muc){.loop = loop, .events = *events, .since_us = room->since_us};
    muc->timer = loop_timer_create(loop, serve, muc);
    muc->ping = loop_timer_create(loop, on_ping, muc);
    loop_timer_repeat(muc->ping, SECOND, PING_US);
    loop_timer_start(muc->timer, trouble == CONTRACT_STALLED ? SILENCE_US : ANSWER_US);
    seat = muc;
    connections++;
    return muc;
}

void muc_leave(struct muc *muc)
{
    if (!muc)
        return;
    loop_timer_destroy(muc->timer);
    loop_timer_destroy(muc->ping);
    free(muc);
    seat = NULL;
}

/* --- the driver --- */

static void open_room(struct world *world)
{
    world_put(world, "password", "secret\n");
    chmod(world_path(world, "password"), 0600);
    trouble = CONTRACT_WELL;
    connections = 0;
}

static void close_room(struct world *world)
{
    (void)world;
    for (int i = 0; i < said_count; i++)
        free(said[i].payload);
    said_count = 0;
}

static void start_source(struct world *world)
{
    world_start(world, "sources:\n - {name: nwws, adapter: nwws, server: nwws.example, "
                       "jid: relay@nwws.example, password_file: password}\n");
}

static void say(struct world *world, char *payload)
{
    if (said_count == SAID_MAX)
        abort();
    said[said_count++] = (struct said){payload, world->loop->now_us};
    if (seat && seat->joined && !seat->held && !loop_timer_active(seat->timer))
        loop_timer_start(seat->timer, ANSWER_US);
}

static void offer(struct world *world, int i, const char *text)
{
    char payload[1000];
    (void)i;
    snprintf(payload, sizeof payload, "\n\n006 \n\nXOUS52 KWBC 292141\n\nCAPCAR\n\n%s\n\n", text);
    say(world, mem_strdup(payload));
}

static void offer_oversized(struct world *world)
{
    size_t size = PARSE_BYTES_MAX + 1000;
    char *payload = mem_alloc(size + 1);
    memset(payload, ' ', size);
    memcpy(payload, "<alert>", 7);
    payload[size - 1] = '>';
    say(world, payload);
}

static void offer_half(struct world *world)
{
    seat->events.lost(seat->events.context, "nwws.example:5222: the connection broke");
    world_run(world, 5 * SECOND);
}

static void fault(struct world *world, enum contract_fault what)
{
    (void)world;
    trouble = what;
    if (seat)
        loop_timer_start(seat->timer, what == CONTRACT_STALLED ? SILENCE_US : ANSWER_US);
}

static int attempts(struct world *world)
{
    (void)world;
    return connections;
}

static const struct contract_driver driver = {
    .name = "nwws",
    .open = open_room,
    .close = close_room,
    .start = start_source,
    .offer = offer,
    .offer_oversized = offer_oversized,
    .offer_half = offer_half,
    .oversized_arrives = true,
    .remembers = true,
    .patience_us = 30 * SECOND,
    .fault = fault,
    .keeps = true,
    .split_senseless = "pieces are put together by the xmpp room",
    .attempts = attempts,
    .withhold_senseless = "the room says the alerts themselves",
};

int main(void)
{
    return contract_run(&driver);
}
