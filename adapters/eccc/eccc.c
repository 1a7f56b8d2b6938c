/*
 * eccc: Environment and Climate Change Canada's alerts from the MSC Datamart.
 *
 * AMQP announces each file, in a named durable queue that goes on filling while the relay is away;
 * the file is fetched over HTTPS. An announcement is acknowledged when its alert is in the journal.
 * An alert that NAAD has brought already, with a good signature, is told by the number in the
 * file's name and not fetched.
 */
#include "adapters/adapter.h"
#include "adapters/backoff.h"
#include "adapters/eccc/fetches.h"
#include "adapters/fetch_from.h"
#include "adapters/rows.h"
#include "alert/parse.h"
#include "amqp/amqp.h"
#include "amqp/rows.h"
#include "base/arena.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    RETRY_FIRST_US = 1000000,
    FETCH_TIMEOUT_US = 60000000,
    FETCH_RETRY_FIRST_US = 1000000,
    FETCH_RETRY_MAX_US = 300000000,
};

struct eccc {
    struct host *host;
    /* options */
    struct slice broker, vhost, user, password, queue, exchange, ca_file;
    struct conf_texts bindings, fetch_from;
    int64_t port, prefetch, parallel, queue_expires_us, reconnect_max_us, give_up_us;
    bool tls, skip_known;
    /* */
    const char **binding_texts;
    struct arena *arena;
    struct amqp *amqp;
    bool open;
    uint64_t life; /* counts connections: a tag is good for its own alone */
    struct fetches *fetches;
    struct loop_timer *retry;
    struct backoff backoff;
    uint64_t missing; /* files that were announced and nowhere, since the source was made */
    char last_missing[100];
    char trouble[300];
};

static const struct conf_row options[] = {
    AMQP_BROKER_ROWS(eccc),
    {.name = "ca_file",
     .type = CONF_PATH,
     .file = CONF_FILE_CERTIFICATE,
     .offset = offsetof(struct eccc, ca_file),
     .help = "Certificates (PEM) that broker and file server are verified by; default: the "
             "system's."},
    {.name = "user",
     .type = CONF_TEXT,
     .offset = offsetof(struct eccc, user),
     .fallback = "anonymous",
     .help = "The Datamart takes everybody as anonymous."},
    {.name = "password",
     .type = CONF_TEXT,
     .offset = offsetof(struct eccc, password),
     .fallback = "anonymous",
     .help = "And its password."},
    {.name = "queue",
     .type = CONF_TEXT,
     .offset = offsetof(struct eccc, queue),
     .required = true,
     .help =
         "Name of the relay's own queue. The Datamart wants q_anonymous. in front; the rest must "
         "be this relay's alone, or two relays get half of the alerts each."},
    {.name = "queue_expires",
     .type = CONF_DURATION,
     .offset = offsetof(struct eccc, queue_expires_us),
     .fallback = "3d",
     .min = 60,
     .max = 2592000,
     .help = "How long the broker keeps the queue while the relay is away."},
    {.name = "exchange",
     .type = CONF_TEXT,
     .offset = offsetof(struct eccc, exchange),
     .fallback = "xpublic",
     .help = "Where the announcements are published."},
    {.name = "bindings",
     .type = CONF_TEXTS,
     .offset = offsetof(struct eccc, bindings),
     .fallback = "v02.post.*.WXO-DD.alerts.cap.#",
     .help = "Routing keys, with * for one word and # for any."},
    {.name = "fetch_from",
     .type = CONF_TEXTS,
     .offset = offsetof(struct eccc, fetch_from),
     .required = true,
     .check = fetch_from_check,
     .help = "What the URL of a file must begin with: nothing else is fetched, whatever is "
             "announced."},
    {.name = "prefetch",
     .type = CONF_INT,
     .offset = offsetof(struct eccc, prefetch),
     .fallback = "50",
     .min = 1,
     .max = 1000,
     .help = "Announcements that the broker gives out before the first is acknowledged."},
    SOURCE_PARALLEL_ROW(.offset = offsetof(struct eccc, parallel),
                        "Files that are fetched at once."),
    {.name = "skip_known",
     .type = CONF_BOOL,
     .offset = offsetof(struct eccc, skip_known),
     .fallback = "true",
     .help = "An alert that has arrived already (by NAAD) is not fetched, if it came under an XML "
             "signature that the pins of that source accept: without `signature` there, everything "
             "is fetched. false: it always is, and becomes a duplicate."},
    SOURCE_RECONNECT_MAX_ROW(.offset = offsetof(struct eccc, reconnect_max_us), "60s"),
    {.name = "give_up",
     .type = CONF_DURATION,
     .offset = offsetof(struct eccc, give_up_us),
     .fallback = "10m",
     .min = 0,
     .max = 86400,
     .help = "A file that was announced and that the server says it does not have is tried for so "
             "long; then it is lost, with an error in the log. One that it refuses (403) is tried "
             "for a day."},
    {.type = CONF_END}};

/* --- state for people --- */

static void tell_state(struct eccc *eccc)
{
    if (!eccc->open)
        return;
    if (eccc->trouble[0])
        host_state(eccc->host, SOURCE_DEGRADED, "%s; %zu files wait", eccc->trouble,
                   fetches_count(eccc->fetches));
    else if (eccc->missing)
        host_state(eccc->host, SOURCE_LIVE,
                   "consuming %.*s; announced, and nowhere: %" PRIu64 " so far, the last %s",
                   SLICE_ARG(eccc->queue), eccc->missing, eccc->last_missing);
    else
        host_state(eccc->host, SOURCE_LIVE, "consuming %.*s", SLICE_ARG(eccc->queue));
}

static void on_trouble(void *context, const char *text)
{
    struct eccc *eccc = context;
    snprintf(eccc->trouble, sizeof eccc->trouble, "%s", text ? text : "");
    tell_state(eccc);
}

/* --- numbers: those of announcements are their tags, told apart by connection --- */

enum { TAG_BITS = 40 };

static uint64_t number_of(const struct eccc *eccc, uint64_t tag)
{
    return eccc->life << TAG_BITS | tag;
}

static void acknowledge(struct eccc *eccc, uint64_t number)
{
    if (eccc->amqp && number >> TAG_BITS == eccc->life)
        amqp_ack(eccc->amqp, number & ((UINT64_C(1) << TAG_BITS) - 1));
}

/* --- announcements --- */

static void refuse(struct eccc *eccc, uint64_t tag, const struct amqp_message *message,
                   const char *why)
{
    host_log(
        eccc->host, LOG_LEVEL_WARNING, "eccc.announcement", "key=%s reason=%s body=%s",
        log_quote(message->routing_key).text, log_quote_cstr(why).text,
        log_quote(slice_sub(message->body, 0, message->body.len < 300 ? message->body.len : 300))
            .text);
    amqp_ack(eccc->amqp, tag);
}

static void on_message(void *context, const struct amqp_message *message)
{
    struct eccc *eccc = context;
    struct arena *arena = arena_create();
    struct pointer pointer;
    struct err err = {0};
    if (pointer_read(arena, message->body, &pointer, &err) != OK) {
        refuse(eccc, message->tag, message, err.text);
    } else if (!fetch_from_has(eccc->fetch_from, pointer.url)) {
        refuse(eccc, message->tag, message, "not below any of fetch_from");
    } else if (eccc->skip_known && pointer.identifier.len > 0 &&
               host_has_signed(eccc->host, pointer.identifier)) {
        host_log(eccc->host, LOG_LEVEL_DEBUG, "eccc.known", "id=%s",
                 log_quote(pointer.identifier).text);
        amqp_ack(eccc->amqp, message->tag);
    } else {
        fetches_add(eccc->fetches, number_of(eccc, message->tag), &pointer);
    }
    arena_destroy(arena);
}

static void on_document(void *context, uint64_t number, struct slice bytes)
{
    struct eccc *eccc = context;
    const struct adapter_document document = {.bytes = bytes, .receipt = number};
    host_deliver(eccc->host, &document);
}

static void on_missing(void *context, uint64_t number, struct slice name, const char *reason)
{
    struct eccc *eccc = context;
    eccc->missing++;
    host_log(eccc->host, LOG_LEVEL_ERROR, "eccc.missing", "file=%s reason=%s", log_quote(name).text,
             log_quote_cstr(reason).text);
    snprintf(eccc->last_missing, sizeof eccc->last_missing, "%.*s", SLICE_ARG(name));
    tell_state(eccc);
    acknowledge(eccc, number);
}

static void settled(void *instance, const struct adapter_outcome *outcome)
{
    acknowledge(instance, outcome->receipt);
}

/* --- the connection --- */

static void on_open(void *context)
{
    struct eccc *eccc = context;
    eccc->open = true;
    backoff_reset(&eccc->backoff);
    tell_state(eccc);
}

/* What was not acknowledged comes again by the next connection. */
static void hang_up(struct eccc *eccc)
{
    amqp_close(eccc->amqp);
    eccc->amqp = NULL;
    eccc->open = false;
    if (eccc->fetches)
        fetches_clear(eccc->fetches);
}

static void on_lost(void *context, const char *reason)
{
    struct eccc *eccc = context;
    host_state(eccc->host, SOURCE_DOWN, "%s", reason);
    hang_up(eccc);
    loop_timer_start(eccc->retry, backoff_next(&eccc->backoff, 0));
}

static void connect_now(void *context)
{
    struct eccc *eccc = context;
    const struct amqp_server server = {.host = eccc->broker.ptr,
                                       .port = (uint16_t)eccc->port,
                                       .tls = eccc->tls,
                                       .ca_file = eccc->ca_file.ptr,
                                       .vhost = eccc->vhost.ptr,
                                       .user = eccc->user.ptr,
                                       .password = eccc->password.ptr};
    const struct amqp_queue queue = {.name = eccc->queue.ptr,
                                     .durable = true,
                                     .expires_us = eccc->queue_expires_us,
                                     .exchange = eccc->exchange.ptr,
                                     .bindings = eccc->binding_texts,
                                     .binding_count = eccc->bindings.count,
                                     .prefetch = (uint16_t)eccc->prefetch};
    const struct amqp_events events = {
        .open = on_open, .message = on_message, .lost = on_lost, .context = eccc};
    eccc->life++;
    eccc->amqp = amqp_open(host_loop(eccc->host), &server, &queue, &events);
}

/* --- life --- */

static enum err_code init(void *instance, struct host *host, struct err *err)
{
    struct eccc *eccc = instance;
    eccc->host = host;
    if (eccc->bindings.count == 0)
        return err_set(err, ERR_INVALID,
                       "bindings: none; at least one is needed, or nothing comes");
    return OK;
}

static enum err_code prepare(struct eccc *eccc, struct err *err)
{
    const struct fetches_options fetches = {.host = eccc->host,
                                            .ca_file = eccc->ca_file.ptr,
                                            .document_max = PARSE_BYTES_MAX,
                                            .timeout_us = FETCH_TIMEOUT_US,
                                            .parallel = (unsigned)eccc->parallel,
                                            .retry_first_us = FETCH_RETRY_FIRST_US,
                                            .retry_max_us = FETCH_RETRY_MAX_US,
                                            .give_up_us = eccc->give_up_us,
                                            .document = on_document,
                                            .missing = on_missing,
                                            .trouble = on_trouble,
                                            .context = eccc};
    if (eccc->fetches)
        return OK;
    enum err_code code = fetches_create(&fetches, &eccc->fetches, err);
    if (code != OK)
        return code;
    eccc->arena = arena_create();
    eccc->binding_texts =
        arena_alloc_array(eccc->arena, eccc->bindings.count, sizeof *eccc->binding_texts);
    for (size_t i = 0; i < eccc->bindings.count; i++)
        eccc->binding_texts[i] = eccc->bindings.items[i].ptr;
    eccc->retry = loop_timer_create(host_loop(eccc->host), connect_now, eccc);
    backoff_init(&eccc->backoff, RETRY_FIRST_US, eccc->reconnect_max_us, host_seed(eccc->host));
    return OK;
}

static enum err_code start(void *instance, struct err *err)
{
    struct eccc *eccc = instance;
    enum err_code code = prepare(eccc, err);
    if (code != OK)
        return code;
    eccc->trouble[0] = '\0';
    fetches_resume(eccc->fetches);
    connect_now(eccc);
    return OK;
}

static void stop(void *instance)
{
    struct eccc *eccc = instance;
    if (eccc->retry)
        loop_timer_stop(eccc->retry);
    hang_up(eccc);
}

static void fini(void *instance)
{
    struct eccc *eccc = instance;
    fetches_destroy(eccc->fetches);
    loop_timer_destroy(eccc->retry);
    arena_destroy(eccc->arena);
}

/* The broker gives out no more than the prefetch. */
static void pause_source(void *instance)
{
    struct eccc *eccc = instance;
    fetches_pause(eccc->fetches);
}

static void resume_source(void *instance)
{
    struct eccc *eccc = instance;
    fetches_resume(eccc->fetches);
}

const struct adapter_ops adapter_eccc = {
    .name = "eccc",
    .summary = "Environment Canada's Datamart: announced by AMQP, fetched over HTTPS",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct eccc),
    .options = options,
    .init = init,
    .start = start,
    .stop = stop,
    .fini = fini,
    .pause = pause_source,
    .resume = resume_source,
    .settled = settled,
};
