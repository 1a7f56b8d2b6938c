/*
 * The Datamart's far end: a broker and a file server in memory. The symbols of amqp/amqp.h are this
 * file's, as those of http/http.h are fake_http.h's.
 */
#include "tests/contract/http_faults.h"

#include "amqp/amqp.h"

enum { FILES_MAX = 50, ANSWER_US = 20000 };

struct file {
    char *text; /* NULL: never there */
    int cuts;   /* so many answers are cut short */
    bool given, acknowledged;
};

struct amqp {
    struct loop *loop;
    struct amqp_events events;
    struct loop_timer *timer;
    uint16_t prefetch;
    bool open;
};

static struct file files[FILES_MAX];
static int file_count, connections;
static enum contract_fault trouble;
static struct amqp *broker;
static bool kept_back;

/* --- the broker: a queue that goes on while nobody consumes --- */

static int unacknowledged(void)
{
    int count = 0;
    for (int i = 0; i < file_count; i++)
        count += files[i].given && !files[i].acknowledged;
    return count;
}

static bool give_next(struct amqp *amqp)
{
    for (int i = 0; i < file_count && unacknowledged() < amqp->prefetch; i++) {
        char body[200];
        if (files[i].given)
            continue;
        files[i].given = true;
        snprintf(body, sizeof body,
                 "20260415205147.123 https://dd.example/ "
                 "20260415/WXO-DD/alerts/cap/T_WWCN16_C_CWUL_202604152051_%010d.cap",
                 i);
        const struct amqp_message message = {.tag = (uint64_t)i + 1,
                                             .routing_key = SLICE("v02.post"),
                                             .content_type = SLICE("text/plain"),
                                             .body = slice_from_cstr(body)};
        amqp->events.message(amqp->events.context, &message);
        return true;
    }
    return false;
}

static const char *what_is_wrong(void)
{
    static const char *const texts[CONTRACT_FAULTS] = {
        [CONTRACT_REFUSED] = "connection refused",
        [CONTRACT_STALLED] = "nothing from the broker for 60 s",
        [CONTRACT_TLS] = "the certificate has expired",
        [CONTRACT_DNS] = "no address for dd.example"};
    return texts[trouble];
}

static void serve(void *context)
{
    struct amqp *amqp = context;
    if (what_is_wrong()) {
        amqp->events.lost(amqp->events.context, what_is_wrong());
        return; /* closed by its owner */
    }
    if (!amqp->open) {
        amqp->open = true;
        amqp->events.open(amqp->events.context);
    }
    if (broker == amqp && give_next(amqp) && broker == amqp)
        loop_timer_start(amqp->timer, ANSWER_US);
}

struct amqp *amqp_open(struct loop *loop, const struct amqp_server *server,
                       const struct amqp_queue *queue, const struct amqp_events *events)
{
    (void)server;
    struct amqp *amqp = mem_alloc(sizeof *amqp);
    *amqp = (struct amqp){.loop = loop, .events = *events, .prefetch = queue->prefetch};
    amqp->timer = loop_timer_create(loop, serve, amqp);
    loop_timer_start(amqp->timer, ANSWER_US);
    if (broker || !queue->durable)
        abort(); /* two connections would have half of the messages each */
    broker = amqp;
    connections++;
    return amqp;
}

void amqp_ack(struct amqp *amqp, uint64_t tag)
{
    struct file *file = &files[tag - 1];
    if (!file->given || file->acknowledged)
        abort(); /* a real broker closes the channel */
    file->acknowledged = true;
    loop_timer_start(amqp->timer, ANSWER_US);
}

/* What was not acknowledged is given out again. */
void amqp_close(struct amqp *amqp)
{
    if (!amqp)
        return;
    for (int i = 0; i < file_count; i++)
        files[i].given = files[i].acknowledged;
    loop_timer_destroy(amqp->timer);
    free(amqp);
    broker = NULL;
}

/* --- the file server --- */

static void answer(const struct http_call *call, struct http_result *result)
{
    struct file *file = &files[atoi(strrchr(call->url, '_') + 1)];
    result->status = kept_back ? 503 : file->text ? 200 : 404;
    result->body = slice_from_cstr(file->text);
    fake_http_cut(result, &file->cuts);
}

/* --- the driver --- */

static void open_datamart(struct world *world)
{
    (void)world;
    fake_http_open(answer);
    trouble = CONTRACT_WELL;
    connections = 0;
}

static void close_datamart(struct world *world)
{
    (void)world;
    for (int i = 0; i < file_count; i++)
        free(files[i].text);
    memset(files, 0, sizeof files);
    file_count = 0;
    kept_back = false;
}

static void start_source(struct world *world)
{
    world_start(world,
                "sources:\n - {name: eccc, adapter: eccc, broker: dd.example, queue: q_test, "
                "fetch_from: ['https://dd.example/']}\n");
}

static struct file *announce(char *text)
{
    if (file_count == FILES_MAX)
        abort();
    struct file *file = &files[file_count++];
    *file = (struct file){.text = text};
    if (broker && broker->open)
        loop_timer_start(broker->timer, ANSWER_US);
    return file;
}

static void offer(struct world *world, int i, const char *text)
{
    (void)world;
    (void)i;
    announce(mem_strdup(text));
}

/* Each try is cut off, until the file is gone for good. */
static void offer_half(struct world *world)
{
    announce(NULL)->cuts = 2;
    world_run(world, 40 * SECOND);
}

static void fault(struct world *world, enum contract_fault what)
{
    trouble = what;
    contract_http_fault(world, what);
    if (broker)
        loop_timer_start(broker->timer, what == CONTRACT_STALLED ? 60 * SECOND : ANSWER_US);
}

static void withhold(struct world *world, bool withheld)
{
    (void)world;
    kept_back = withheld;
}

static int attempts(struct world *world)
{
    (void)world;
    return connections + fake_http.requests;
}

static const struct contract_driver driver = {
    .name = "eccc",
    .open = open_datamart,
    .close = close_datamart,
    .start = start_source,
    .offer = offer,
    .offer_half = offer_half,
    .oversized_arrives = true,
    .remembers = true,
    .patience_us = 100 * SECOND,
    .fault = fault,
    .withhold = withhold,
    .keeps = true,
    .split_senseless = "pieces are put together by the http and amqp rooms",
    .attempts = attempts,
};

int main(void)
{
    return contract_run(&driver);
}
