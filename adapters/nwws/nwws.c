/*
 * nwws: the US National Weather Service's alerts from NWWS-OI, the weather wire over XMPP.
 *
 * Every product of the Weather Service is said in one chat room; those that carry CAP are
 * delivered, the others are counted. What was said while the relay was away comes from the room's
 * history, as far as it is kept: the room is asked for what was said since all that had come was
 * in the journal. Products are numbered by the process that sends them, so that a hole is seen.
 */
#include "adapters/adapter.h"
#include "adapters/backoff.h"
#include "adapters/nwws/product.h"
#include "adapters/rows.h"
#include "adapters/seen.h"
#include "alert/parse.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "conf/secret.h"
#include "xmpp/muc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RETRY_FIRST_US = 1000000,
    STEADY_US = 30000000, /* a seat that was held for so long was one */
    /* The server's clock and the relay's may differ by so much, and settling takes its time. What
     * is in the journal is not delivered again, whatever the room repeats. */
    SINCE_EARLIER_US = 300000000,
    HOLE_SHOWN_US = 900000000,
    KEY_BYTES = 200,
};

struct nwws {
    struct host *host;
    /* options */
    struct slice server, jid, password_file, resource, room, nick, speaker, ca_file;
    struct conf_texts products;
    int64_t port, catch_up_us, silence_us, ping_us, reconnect_max_us;
    /* */
    struct arena *arena;
    char password[CONF_SECRET_BYTES + 1];
    struct muc *muc;
    bool joined, paused, silent;
    bool hole, jump;        /* in the numbers, lately */
    int64_t joined_mono_us; /* when the room was entered last */
    struct loop_timer *retry, *silence, *shown;
    struct backoff backoff;
    struct product_numbers numbers;
    uint64_t others, missing; /* products without an alert; numbers that never came */
    struct map *flights;      /* what was delivered and has not settled, by its key */
    uint64_t delivered;
    /* the next mark, once the deliveries up to that one have settled; 0: none waits */
    int64_t mark_us;
    uint64_t mark_after, mark_awaits;
    char mark_number[48];
};

/* One document on its way; its address is the receipt. */
struct flight {
    uint64_t number; /* the deliveries are counted */
    char key[KEY_BYTES + 24];
};

/* local@domain, bare. */
static bool is_address(struct slice address)
{
    struct slice local, rest = address;
    for (size_t i = 0; i < address.len; i++)
        if ((unsigned char)address.ptr[i] <= ' ' || strchr("/\"&'<>", address.ptr[i]))
            return false;
    return slice_next_part(&rest, '@', &local) && local.len > 0 && rest.len > 0 &&
           slice_find(rest, "@") < 0;
}

static enum err_code check_address(const void *value, struct err *err)
{
    struct slice address = *(const struct slice *)value;
    return is_address(address) ? OK
                               : err_set(err, ERR_INVALID,
                                         "`%.*s` is no address; user@domain is wanted, a room as "
                                         "room@service",
                                         SLICE_ARG(address));
}

static enum err_code check_products(const void *value, struct err *err)
{
    const struct conf_texts *products = value;
    for (size_t i = 0; i < products->count; i++)
        if (slice_is_empty(products->items[i]))
            return err_set(err, ERR_INVALID,
                           "an empty beginning would take every product for an alert; leave it "
                           "out");
    return OK;
}

static const struct conf_row options[] = {
    {.name = "server",
     .type = CONF_TEXT,
     .offset = offsetof(struct nwws, server),
     .fallback = "nwws-oi.weather.gov",
     .help = "Host name of the XMPP server."},
    {.name = "port",
     .type = CONF_INT,
     .offset = offsetof(struct nwws, port),
     .fallback = "5222",
     .min = 1,
     .max = 65535,
     .help = "Its port, of the kind that begins in clear and turns to TLS (STARTTLS)."},
    {.name = "ca_file",
     .type = CONF_PATH,
     .file = CONF_FILE_CERTIFICATE,
     .offset = offsetof(struct nwws, ca_file),
     .help = "Certificates (PEM) to trust in place of the system's."},
    {.name = "jid",
     .type = CONF_TEXT,
     .offset = offsetof(struct nwws, jid),
     .required = true,
     .check = check_address,
     .help = "The account, as in \"user@nwws-oi.weather.gov\". The server's certificate must be "
             "the one of what stands behind the @."},
    {.name = "password_file",
     .type = CONF_PATH,
     .file = CONF_FILE_SECRET,
     .offset = offsetof(struct nwws, password_file),
     .required = true,
     .help = "File with the account's password, readable for its owner and group alone."},
    {.name = "resource",
     .type = CONF_TEXT,
     .offset = offsetof(struct nwws, resource),
     .help = "Tells the sessions of an account apart: a second one with the same resource ends the "
             "first. Default: the relay's name."},
    {.name = "room",
     .type = CONF_TEXT,
     .offset = offsetof(struct nwws, room),
     .fallback = "nwws@conference.nwws-oi.weather.gov",
     .check = check_address,
     .help = "The chat room."},
    {.name = "nick",
     .type = CONF_TEXT,
     .offset = offsetof(struct nwws, nick),
     .help = "The relay's name in the room; a number is put behind it where it is taken. Default: "
             "the account's name."},
    {.name = "speaker",
     .type = CONF_TEXT,
     .offset = offsetof(struct nwws, speaker),
     .help = "Only what is said under that name in the room is taken. Default: whatever may speak "
             "there; the Weather Service lets nobody else."},
    {.name = "products",
     .type = CONF_TEXTS,
     .offset = offsetof(struct nwws, products),
     .fallback = "CAP",
     .check = check_products,
     .help =
         "What the AWIPS ids of products that carry alerts begin with. Other products that hold "
         "a CAP alert are taken as well."},
    SOURCE_CATCH_UP_ROW(
            .offset = offsetof(struct nwws, catch_up_us), "6h",
            "What was said so long ago is asked for at the first start, and at most so much after "
            "an outage; the room keeps less or more of it. 0s: only what is said from now on."),
    {.name = "silence",
     .type = CONF_DURATION,
     .offset = offsetof(struct nwws, silence_us),
     .fallback = "10m",
     .min = 1,
     .max = 86400,
     .help = "Without a single product for so long the source is degraded."},
    {.name = "ping",
     .type = CONF_DURATION,
     .offset = offsetof(struct nwws, ping_us),
     .fallback = "60s",
     .min = 1,
     .max = 240,
     .help = "How often the room is asked whether the relay is still in it; without an answer in "
             "half of that the connection is made anew. The Weather Service ends sessions that say "
             "nothing for five minutes."},
    SOURCE_RECONNECT_MAX_ROW(.offset = offsetof(struct nwws, reconnect_max_us), "60s"),
    {.type = CONF_END}};

/* --- state for people --- */

static void tell_state(struct nwws *nwws)
{
    if (!nwws->joined)
        return;
    if (nwws->silent)
        host_state(nwws->host, SOURCE_DEGRADED, "in the room, but no product for %" PRId64 " s",
                   nwws->silence_us / 1000000);
    else if (nwws->hole)
        host_state(nwws->host, SOURCE_DEGRADED,
                   "the numbers of the products have a hole: alerts may be missing (see nwws.hole "
                   "in the log)");
    else if (nwws->jump)
        host_state(nwws->host, SOURCE_DEGRADED,
                   "the numbers of the products have jumped: alerts may be missing, or somebody "
                   "else speaks in the room (see nwws.jump in the log)");
    else
        host_state(nwws->host, SOURCE_LIVE, "in the room %.*s", SLICE_ARG(nwws->room));
}

static void on_silence(void *context)
{
    struct nwws *nwws = context;
    if (nwws->paused) {
        loop_timer_start(nwws->silence, nwws->silence_us);
        return;
    }
    nwws->silent = true;
    tell_state(nwws);
}

static void on_shown(void *context)
{
    struct nwws *nwws = context;
    nwws->hole = nwws->jump = false;
    tell_state(nwws);
}

/* --- the mark: until when all that was said is in the journal, and the last number then --- */

static const struct slice MARK_KEY = {"room", 4};

static void set_mark(struct nwws *nwws)
{
    char value[80];
    snprintf(value, sizeof value, "%" PRId64 " %s", nwws->mark_us, nwws->mark_number);
    host_set_mark(nwws->host, MARK_KEY, slice_from_cstr(value));
    nwws->mark_us = 0;
}

/* What was said before has been handed over, but is not in the journal before it has settled. */
static void on_abreast(void *context, int64_t until_us)
{
    struct nwws *nwws = context;
    if (nwws->mark_us)
        return; /* the last one still waits */
    nwws->mark_us = until_us;
    nwws->mark_after = nwws->delivered;
    nwws->mark_awaits = map_count(nwws->flights);
    snprintf(nwws->mark_number, sizeof nwws->mark_number, "%" PRIu64 ".%" PRIu64,
             nwws->numbers.runs[0].process, nwws->numbers.runs[0].last);
    if (nwws->mark_awaits == 0)
        set_mark(nwws);
}

/* A mark that cannot be read leads to repeats. */
static int64_t read_mark(struct nwws *nwws)
{
    struct slice value, token;
    uint64_t process, number;
    unsigned long long us;
    if (!host_mark(nwws->host, MARK_KEY, &value) || !slice_next_token(&value, &token) ||
        !slice_to_u64(token, &us) || us > INT64_MAX)
        return 0;
    if (slice_next_token(&value, &token) && product_number_read(token, &process, &number) &&
        !nwws->numbers.runs[0].known)
        product_numbers_note(&nwws->numbers, process, number, false);
    return (int64_t)us;
}

static int64_t since_us(struct nwws *nwws)
{
    int64_t now = host_now_us(nwws->host), farthest = now - nwws->catch_up_us,
            since = read_mark(nwws) - SINCE_EARLIER_US;
    if (nwws->catch_up_us == 0)
        return 0;
    return since > farthest && since <= now ? since : farthest;
}

/* --- products --- */

static struct slice field(const struct muc_message *message, const char *name)
{
    for (size_t i = 0; i < message->field_count; i++)
        if (slice_eq_cstr(message->fields[i].name, name))
            return message->fields[i].value;
    return (struct slice){0};
}

/* How far a jump went says nothing: who made it up chose the number. Told once, however often it
 * comes while it is shown. */
static void tell_jump(struct nwws *nwws, struct slice id)
{
    if (!nwws->jump)
        host_log(nwws->host, LOG_LEVEL_WARNING, "nwws.jump",
                 "to=%s reason=\"far from what this process said last: products are missing, or it "
                 "counts anew, or somebody made it up\"",
                 log_quote(id).text);
    nwws->jump = true;
}

static void tell_hole(struct nwws *nwws, struct slice id, uint64_t missing)
{
    nwws->missing += missing;
    nwws->hole = true;
    host_log(nwws->host, LOG_LEVEL_WARNING, "nwws.hole",
             "before=%s missing=%" PRIu64 " missing_in_all=%" PRIu64, log_quote(id).text, missing,
             nwws->missing);
}

static void note_number(struct nwws *nwws, const struct muc_message *message)
{
    struct slice id = field(message, "id");
    uint64_t process, number;
    if (!product_number_read(id, &process, &number))
        return;
    struct product_hole hole =
        product_numbers_note(&nwws->numbers, process, number, message->said_us != 0);
    if (hole.missing == 0 && !hole.jumped)
        return;
    if (hole.jumped)
        tell_jump(nwws, id);
    else
        tell_hole(nwws, id, hole.missing);
    loop_timer_start(nwws->shown, HOLE_SHOWN_US);
    tell_state(nwws);
}

static bool is_named(const struct nwws *nwws, struct slice awips_id)
{
    for (size_t i = 0; i < nwws->products.count; i++)
        if (slice_istarts_with(awips_id, nwws->products.items[i].ptr))
            return true;
    return false;
}

static void launch(struct nwws *nwws, struct slice alert, const char *key)
{
    struct seen_mark mark;
    struct flight *flight = mem_alloc(sizeof *flight);
    flight->number = ++nwws->delivered;
    snprintf(flight->key, sizeof flight->key, "%s", key);
    if (map_get(nwws->flights, slice_from_cstr(key))) /* said twice within a moment */
        snprintf(flight->key, sizeof flight->key, "%s %" PRIu64, key, flight->number);
    map_put(nwws->flights, slice_from_cstr(flight->key), flight);
    struct adapter_document document = {.bytes = slice_sub(alert, 0, PARSE_BYTES_MAX + 1),
                                        .receipt = (uintptr_t)flight};
    seen_make(nwws->host, slice_from_cstr(key), &mark);
    seen_put(&mark, &document);
    host_deliver(nwws->host, &document);
}

/* What the room says again when it is entered again is known by its number and its words. */
static void deliver(struct nwws *nwws, const struct muc_message *message, struct slice id,
                    struct slice alert)
{
    char digest_text[DIGEST_HEX_MAX], text[KEY_BYTES];
    struct digest digest = digest_of(alert);
    snprintf(text, sizeof text, "%.*s %s", (int)(id.len < 100 ? id.len : 100), id.ptr ? id.ptr : "",
             digest_hex(&digest, digest_text));
    struct slice key = slice_from_cstr(text);
    if (!message->said_us || (!map_get(nwws->flights, key) && !seen_before(nwws->host, key)))
        launch(nwws, alert, text);
}

static void settled(void *instance, const struct adapter_outcome *outcome)
{
    struct nwws *nwws = instance;
    struct flight *flight = (struct flight *)(uintptr_t)outcome->receipt;
    bool awaited = nwws->mark_us && flight->number <= nwws->mark_after;
    map_remove(nwws->flights, slice_from_cstr(flight->key));
    free(flight);
    if (awaited && --nwws->mark_awaits == 0)
        set_mark(nwws);
}

/* One that is named like an alert and holds none still gets its row in the journal. */
static void take_product(struct nwws *nwws, const struct muc_message *message)
{
    struct slice id = field(message, "id"), name = field(message, "awipsid");
    struct product product =
        product_read(message->payload.len > 0 ? message->payload : message->body);
    if (slice_is_empty(name))
        name = product.awips_id;
    if (is_named(nwws, name) || product_has_alert(&product)) {
        deliver(nwws, message, id, product.markup.ptr ? product.markup : product.text);
        return;
    }
    nwws->others++;
    host_log(nwws->host, LOG_LEVEL_DEBUG, "nwws.other", "awips_id=%s id=%s others=%" PRIu64,
             log_quote(name).text, log_quote(id).text, nwws->others);
}

/* --- the seat --- */

static void on_message(void *context, const struct muc_message *message)
{
    struct nwws *nwws = context;
    if (nwws->speaker.ptr && !slice_eq(message->nick, nwws->speaker))
        return;
    if (!message->payload.ptr && slice_find(message->body, "<") < 0)
        return; /* somebody says something */
    nwws->silent = false;
    loop_timer_start(nwws->silence, nwws->silence_us);
    note_number(nwws, message);
    tell_state(nwws);
    take_product(nwws, message); /* the source may be stopped from in there */
}

static void on_joined(void *context, struct slice nick)
{
    struct nwws *nwws = context;
    nwws->joined = true;
    nwws->silent = false;
    nwws->joined_mono_us = host_monotonic_us(nwws->host);
    loop_timer_start(nwws->silence, nwws->silence_us);
    host_log(nwws->host, LOG_LEVEL_INFO, "nwws.joined", "nick=%s", log_quote(nick).text);
    tell_state(nwws);
}

static void hang_up(struct nwws *nwws)
{
    muc_leave(nwws->muc);
    nwws->muc = NULL;
    nwws->joined = false;
    if (nwws->silence)
        loop_timer_stop(nwws->silence);
}

static void on_lost(void *context, const char *reason)
{
    struct nwws *nwws = context;
    host_state(nwws->host, SOURCE_DOWN, "%s", reason);
    if (nwws->joined && host_monotonic_us(nwws->host) - nwws->joined_mono_us >= STEADY_US)
        backoff_reset(&nwws->backoff);
    hang_up(nwws);
    loop_timer_start(nwws->retry, backoff_next(&nwws->backoff, 0));
}

static struct slice user_of(struct slice jid)
{
    struct slice user;
    return slice_next_part(&jid, '@', &user) ? user : (struct slice){0};
}

static void join_now(void *context)
{
    struct nwws *nwws = context;
    struct slice nick = nwws->nick.ptr ? nwws->nick : user_of(nwws->jid);
    struct slice resource = nwws->resource.ptr ? nwws->resource : host_relay_name(nwws->host);
    const struct muc_server server = {.host = nwws->server.ptr,
                                      .port = (uint16_t)nwws->port,
                                      .ca_file = nwws->ca_file.ptr,
                                      .jid = nwws->jid.ptr,
                                      .resource = arena_cstr(nwws->arena, resource),
                                      .password = nwws->password,
                                      .ping_us = nwws->ping_us,
                                      .ping_timeout_us = nwws->ping_us / 2};
    const struct muc_room room = {.jid = nwws->room.ptr,
                                  .nick = arena_cstr(nwws->arena, nick),
                                  .since_us = since_us(nwws),
                                  .payload_ns = "nwws-oi"};
    const struct muc_events events = {.joined = on_joined,
                                      .message = on_message,
                                      .abreast = on_abreast,
                                      .lost = on_lost,
                                      .context = nwws};
    nwws->muc = muc_join(host_loop(nwws->host), &server, &room, &events);
    if (nwws->paused)
        muc_hold(nwws->muc);
}

/* --- life --- */

static enum err_code init(void *instance, struct host *host, struct err *err)
{
    struct nwws *nwws = instance;
    (void)err;
    nwws->host = host;
    nwws->flights = map_create();
    return OK;
}

static void make_timers(struct nwws *nwws)
{
    struct loop *loop = host_loop(nwws->host);
    if (nwws->retry)
        return;
    nwws->retry = loop_timer_create(loop, join_now, nwws);
    nwws->silence = loop_timer_create(loop, on_silence, nwws);
    nwws->shown = loop_timer_create(loop, on_shown, nwws);
    backoff_init(&nwws->backoff, RETRY_FIRST_US, nwws->reconnect_max_us, host_seed(nwws->host));
}

static enum err_code start(void *instance, struct err *err)
{
    struct nwws *nwws = instance;
    nwws->paused = false;
    enum err_code code = conf_secret_read(nwws->password_file, 1, nwws->password, err);
    if (code != OK)
        return err_wrap(err, "password_file");
    arena_destroy(nwws->arena);
    nwws->arena = arena_create();
    make_timers(nwws);
    join_now(nwws);
    return OK;
}

static void stop(void *instance)
{
    struct nwws *nwws = instance;
    if (nwws->retry)
        loop_timer_stop(nwws->retry);
    hang_up(nwws);
    explicit_bzero(nwws->password, sizeof nwws->password);
}

static void fini(void *instance)
{
    struct nwws *nwws = instance;
    loop_timer_destroy(nwws->retry);
    loop_timer_destroy(nwws->silence);
    loop_timer_destroy(nwws->shown);
    arena_destroy(nwws->arena);
    map_destroy(nwws->flights, free);
}

/* The room's server has to wait; where it will not, its history is asked for afterwards. */
static void pause_source(void *instance)
{
    struct nwws *nwws = instance;
    nwws->paused = true;
    if (nwws->muc)
        muc_hold(nwws->muc);
}

static void resume_source(void *instance)
{
    struct nwws *nwws = instance;
    nwws->paused = false;
    if (nwws->muc)
        muc_release(nwws->muc);
}

const struct adapter_ops adapter_nwws = {
    .name = "nwws",
    .summary = "the US National Weather Service's wire, NWWS-OI, over XMPP",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct nwws),
    .options = options,
    .init = init,
    .start = start,
    .stop = stop,
    .fini = fini,
    .pause = pause_source,
    .resume = resume_source,
    .settled = settled,
};
