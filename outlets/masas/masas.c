/*
 * masas: each bulletin's derived message as an entry on a MASAS hub (docs/outlets.md).
 *
 * A hub keeps no record of what it was sent, and an answer may be lost; so what is posted depends
 * on what of ours stands there already. That is read from the hub's feed at the start and known
 * from the hub's answers afterwards. An answer that leaves it open whether something was posted is
 * resolved by asking, before anything else is posted, what changed since the last one that was
 * whole (`dtsince`). So nothing is posted twice, not after a crash either, a chain stays one entry,
 * and what a posting costs does not grow with the feed.
 *
 * Whoever may post there can write an entry with a message's identifier before us, and an Atom
 * entry cannot prove whose it is: identifier and text are the same for every relay that has the
 * alert, and a code made with the access code would give that away to guessing. Only the hub knows,
 * who names the author of each entry: no other's counts, whatever the hub answers to the query. An
 * operations hub takes class actual alone, and only under an agreement that the operator names;
 * exercise and training hubs take class exercise alone.
 */
#include "http/rows.h"
#include "outlets/masas/entry.h"
#include "outlets/masas/standing.h"
#include "outlets/outlet.h"

#include "adapters/hub_access.h"
#include "alert/atom.h"
#include "alert/parse.h"

#include <stdio.h>

enum {
    PAGES_MAX = 10000, /* of a feed that never ends */
    HEADERS_MAX = 2,
    REPLACED_MAX = 100, /* a chain that is longer loses its oldest */
    /* How long what is known counts: what others change there is to be seen, and what has ended to
     * be forgotten. */
    KNOWN_US = 600 * 1000000,
    SINCE_MARGIN_S = 10 /* the hub's clocks may differ a little from each other */
};

enum masas_hub { MASAS_OPERATIONS = 0, MASAS_EXERCISE, MASAS_TRAINING };

struct masas {
    struct slice url, secret_file, agreement, author, ca_file, proxy;
    int hub, secret_in; /* enum masas_hub, enum hub_secret_in */
    bool embed_cap;
    int64_t cancel_shown_us, timeout_us;

    struct outlet *outlet;
    struct arena *arena; /* of the options */
    struct hub_access access;
    struct parser *parser;
    struct http_client *client;
    struct http_request *request; /* being answered; NULL: none */
    /* what the hub has of ours */
    struct standing *standing;
    struct loop_timer *known; /* active: the feed was read, and all that we did since is known */
    bool in_doubt;            /* but for the last posting */
    int64_t changed_s;        /* the newest change there that we were told; by the hub's clock */
    bool is_misnamed;         /* the hub has named another author than `author` */
    /* the feed that is being read */
    struct slice page;
    unsigned pages;
    bool is_whole;    /* not only what changed since */
    int64_t newest_s; /* in it */
    /* what is being delivered */
    struct loop_timer *begin;
    struct arena *delivery; /* NULL: nothing */
    const struct outlet_bulletin *bulletin;
    const struct alert *alert;    /* NULL: it could not be read */
    int64_t until_s;              /* in force until then; 0: it never was */
    int64_t shown_s;              /* until then the entry is to stand */
    struct standing_entry *entry; /* that it changes; NULL: a new one */
    bool was_read;                /* the feed, for this bulletin */
};

static const struct conf_choice hubs[] = {{"operations", MASAS_OPERATIONS},
                                          {"exercise", MASAS_EXERCISE},
                                          {"training", MASAS_TRAINING},
                                          {NULL, 0}};

/* A name would be nobody's there, and nothing that was posted would be found again. */
static enum err_code check_author(const void *value, struct err *err)
{
    struct slice author = *(const struct slice *)value;

    if (slice_find(author, ":") > 0 && slice_find(author, " ") < 0)
        return OK;
    return err_set(err, ERR_INVALID,
                   "the URI that the hub writes as the author of the relay's entries, such as "
                   "https://hub.example/accounts/caprelay");
}

#define AT(member) .offset = offsetof(struct masas, member)

static const struct conf_row options[] = {
    {.name = "url",
     .type = CONF_TEXT,
     AT(url),
     .required = true,
     .check = http_check_url,
     .help = "The hub's feed: what is posted there becomes an entry of it."},
    {.name = "hub",
     .type = CONF_CHOICE,
     AT(hub),
     .required = true,
     .choices = hubs,
     .help = "operations: takes `class: actual` alone, and needs `agreement`; exercise or "
             "training: takes `class: exercise` alone."},
    {.name = "agreement",
     .type = CONF_TEXT,
     AT(agreement),
     .help = "Under which agreement this relay may post to an operations hub: its name and date, "
             "for whoever reads the configuration and the log."},
    HUB_SECRET_ROWS(true, AT(secret_file), AT(secret_in)),
    {.name = "author",
     .type = CONF_TEXT,
     AT(author),
     .required = true,
     .check = check_author,
     .help = "The URI by which the hub names this relay as the author of its entries: only these "
             "count as the relay's own, whoever else posts the same identifiers."},
    {.name = "embed_cap",
     .type = CONF_BOOL,
     AT(embed_cap),
     .fallback = "true",
     .help = "Whether the CAP message stands in the entry, for programs that read the hub."},
    {.name = "cancel_shown",
     .type = CONF_DURATION,
     AT(cancel_shown_us),
     .fallback = "1h",
     .max = 86400,
     .help = "How long an entry whose alert was cancelled or has ended is still shown, as such; "
             "0s: it is gone at once."},
    HTTP_CA_FILE_ROW(AT(ca_file)),
    HTTP_PROXY_ROW(AT(proxy)),
    OUTLET_TIMEOUT_ROW(AT(timeout_us),
                       "For one request; without an answer by then it is asked and sent again."),
    {.type = CONF_END}};

/* --- answers that are not what was hoped for --- */

/* What the status says of this bulletin, and not of the hub or our credentials (see webhook). */
static bool is_refusal(int status)
{
    static const int of_the_way[] = {401, 403, 404, 405, 407, 408, 409, 410, 421, 425, 429, 451};

    for (size_t i = 0; i < sizeof of_the_way / sizeof *of_the_way; i++)
        if (status == of_the_way[i])
            return false;
    return status >= 400 && status < 500;
}

static const char *advice(int status)
{
    if (status == 401 || status == 403)
        return ": it does not take the access code of secret_file";
    return status >= 300 && status < 400 ? ": it has moved; `url` must be where it is now" : "";
}

static void done(struct masas *masas, enum outlet_verdict verdict, int64_t asked_us,
                 const char *text)
{
    struct arena *delivery = masas->delivery;

    masas->delivery = NULL;
    masas->bulletin = NULL;
    outlet_done(masas->outlet, verdict, asked_us, "%s", text);
    arena_destroy(delivery);
}

static void fail(struct masas *masas, const struct http_result *result, const char *doing,
                 bool may_refuse)
{
    struct arena *arena = masas->delivery;
    bool refused = may_refuse && result->failure == HTTP_ANSWERED && is_refusal(result->status);
    struct slice text = result->failure != HTTP_ANSWERED
                            ? arena_printf(arena, "%s: %s: %s", doing,
                                           http_failure_name(result->failure), result->error)
                            : arena_printf(arena, "%s: answered %d%s", doing, result->status,
                                           advice(result->status));

    done(masas, refused ? OUTLET_REFUSED : OUTLET_LATER, result->retry_after_us, text.ptr);
}

/* --- what the hub has --- */

static void send(struct masas *masas, struct http_call *call, http_fn fn)
{
    const char *headers[HEADERS_MAX] = {"Accept: application/atom+xml"};

    call->headers = headers;
    call->header_count = 1;
    hub_access_add(&masas->access, masas->delivery, call, headers);
    masas->request = http_send(masas->client, call, fn, masas);
}

/* Nothing of it is known any more. */
static void forget(struct masas *masas)
{
    loop_timer_stop(masas->known);
    standing_forget(masas->standing);
    masas->changed_s = 0;
}

static bool is_ours(const struct masas *masas, const struct atom_entry *entry)
{
    return slice_eq(slice_trim(entry->author.uri), masas->author);
}

static void take_entry(struct masas *masas, struct arena *arena, const struct atom_entry *entry)
{
    if (!is_ours(masas, entry))
        return;
    const struct standing_entry told = standing_read(arena, entry, &masas->access, masas->page);
    if (entry->updated.set && entry->updated.utc_s > masas->newest_s)
        masas->newest_s = entry->updated.utc_s;
    if (told.count > 0)
        standing_take(masas->standing, &told, !masas->is_whole, outlet_now_s(masas->outlet));
}

static void on_page(void *context, const struct http_result *result);

static void ask_page(struct masas *masas, struct slice url)
{
    struct http_call call = {.url = url.ptr, .max_body = PARSE_BYTES_MAX};

    masas->page = url;
    masas->pages++;
    send(masas, &call, on_page);
}

/* All of it, or what changed since what is known: by the hub's clock, or ours where that is behind.
 */
static void ask_feed(struct masas *masas)
{
    struct arena *arena = masas->delivery;
    struct slice url = hub_access_put(arena, masas->url, SLICE("author"), masas->author);
    int64_t now_s = outlet_now_s(masas->outlet);
    int64_t since_s = (masas->changed_s < now_s ? masas->changed_s : now_s) - SINCE_MARGIN_S;
    char since[CLOCK_TEXT_MAX];

    masas->is_whole = !loop_timer_active(masas->known) || since_s < 0;
    masas->newest_s = masas->pages = 0;
    if (masas->is_whole)
        forget(masas);
    else
        url = hub_access_put(arena, url, SLICE("dtsince"),
                             slice_from_cstr(clock_format_s(since_s, since)));
    ask_page(masas, url);
}

static void decide(struct masas *masas);

static void on_feed_read(struct masas *masas)
{
    if (masas->is_whole)
        loop_timer_start(masas->known, KNOWN_US);
    if (masas->newest_s > masas->changed_s)
        masas->changed_s = masas->newest_s;
    masas->in_doubt = false;
    masas->was_read = true;
    decide(masas);
}

static void take_page(struct masas *masas, struct arena *arena, const struct http_result *result)
{
    struct atom_feed feed;
    struct err err = {0};

    if (atom_read(arena, result->body, &feed, &err) != OK) {
        done(masas, OUTLET_LATER, 0,
             arena_printf(arena, "the hub's feed cannot be read: %s", err.text).ptr);
        return;
    }
    for (size_t i = 0; i < feed.count; i++)
        take_entry(masas, arena, &feed.entries[i]);
    struct slice next = http_url_join(masas->delivery, masas->page, feed.next);
    bool more = next.ptr && hub_access_is_own(&masas->access, next);
    if (more && masas->pages == PAGES_MAX)
        done(masas, OUTLET_LATER, 0, "the hub's feed does not come to an end");
    else if (more)
        ask_page(masas, next);
    else
        on_feed_read(masas);
}

static void on_page(void *context, const struct http_result *result)
{
    struct masas *masas = context;
    struct arena *arena = arena_create();

    masas->request = NULL;
    if (result->failure == HTTP_ANSWERED && result->status == 200)
        take_page(masas, arena, result);
    else
        fail(masas, result, "reading the hub's feed", false);
    arena_destroy(arena);
}

/* --- posting --- */

static struct slice write_entry(struct masas *masas)
{
    size_t count = masas->entry ? masas->entry->count : 0;
    struct slice *replaced = arena_alloc_array(masas->delivery, count, sizeof *replaced);
    struct masas_entry entry = {
        .alert = masas->alert,
        .cap = masas->bulletin->derived,
        .embed = masas->embed_cap,
        .bulletin = masas->bulletin->id,
        .replaced = replaced,
        .until_s = masas->shown_s,
    };

    while (count > 0 && entry.replaced_count < REPLACED_MAX)
        replaced[entry.replaced_count++] = masas->entry->messages[--count];
    masas_entry_read_header(masas->bulletin->header, &entry);
    return masas_entry_write(masas->delivery, &entry);
}

static void on_answer(void *context, const struct http_result *result);

static void post(struct masas *masas)
{
    struct http_call call = {.method = masas->entry ? HTTP_PUT : HTTP_POST,
                             .url = masas->entry ? masas->entry->edit.ptr : masas->url.ptr,
                             .content_type = "application/atom+xml"};

    masas->shown_s = masas->until_s
                         ? masas->until_s
                         : outlet_now_s(masas->outlet) + masas->cancel_shown_us / 1000000;
    call.body = write_entry(masas);
    if (call.body.ptr)
        send(masas, &call, on_answer);
    else
        done(masas, OUTLET_REFUSED, 0, "it is too large for an entry");
}

static void log_nothing_to_do(const struct masas *masas, const char *why)
{
    log_write(LOG_LEVEL_INFO, "outlet.nothing-to-post",
              "outlet=%s class=%s number=%llu identifier=%s reason=\"%s\"",
              outlet_name(masas->outlet).ptr, alert_class_name(masas->bulletin->class),
              (unsigned long long)masas->bulletin->number,
              log_quote(masas->bulletin->identifier).text, why);
}

/* Else what was posted is not found again. */
static void check_answers_author(struct masas *masas, const struct atom_entry *entry)
{
    if (masas->is_misnamed || !entry->author.uri.len || is_ours(masas, entry))
        return;
    masas->is_misnamed = true;
    log_write(LOG_LEVEL_ERROR, "outlet.author",
              "outlet=%s identifier=%s author=%s text=\"the hub names another author of what the "
              "relay posts than `author`: set it to this one, or the entries are not found again\"",
              outlet_name(masas->outlet).ptr, log_quote(masas->bulletin->identifier).text,
              log_quote(entry->author.uri).text);
}

/* It was taken. Where it can be changed is in the entry that the hub answers, or its Location (RFC
 * 5023 9.2); a hub that says neither is asked when that is needed. */
static void take_answer(struct masas *masas, const struct http_result *result)
{
    struct slice messages[] = {masas->alert->identifier, masas->alert->identifier};
    struct standing_entry told = {.until_s = masas->shown_s, .messages = messages, .count = 1};
    struct arena *arena = masas->delivery;
    struct slice base = masas->entry ? masas->entry->edit : masas->url;
    struct slice location = http_url_join(arena, base, http_result_header(result, "Location"));
    struct atom_feed answer = {0};

    if (atom_read(arena, result->body, &answer, NULL) == OK && answer.count == 1) {
        const struct atom_entry *entry = &answer.entries[0];
        check_answers_author(masas, entry);
        told.edit = standing_read(arena, entry, &masas->access, base).edit;
        if (entry->updated.set && entry->updated.utc_s > masas->changed_s)
            masas->changed_s = entry->updated.utc_s;
    }
    if (!told.edit.ptr && location.ptr && hub_access_is_own(&masas->access, location))
        told.edit = location;
    if (masas->entry) {
        messages[0] = masas->entry->messages[0];
        told.count = 2;
        if (!told.edit.ptr)
            told.edit = masas->entry->edit;
    }
    standing_take(masas->standing, &told, true, outlet_now_s(masas->outlet));
}

static void on_answer(void *context, const struct http_result *result)
{
    struct masas *masas = context;
    int status = result->status;
    bool came = result->failure == HTTP_ANSWERED || result->failure == HTTP_FAILED_TOO_LARGE;
    bool gone = came && masas->entry && (status == 404 || status == 410);

    masas->request = NULL;
    if (gone)
        masas->entry->until_s = 0;
    if (came && status >= 200 && status < 300) {
        take_answer(masas, result);
        done(masas, OUTLET_DELIVERED, 0, "taken");
    } else if (gone) {
        decide(masas);
    } else {
        masas->in_doubt = true;
        /* What is refused may be what others made of the entry, and not the bulletin. */
        fail(masas, result, "posting", masas->was_read);
    }
}

/* --- what is to be done --- */

static void decide(struct masas *masas)
{
    int64_t now_s = outlet_now_s(masas->outlet);
    bool is_there = standing_find(masas->standing, masas->alert->identifier, now_s) != NULL;

    masas->entry = standing_find_referenced(masas->standing, masas->alert, now_s);
    if (!is_there && masas->entry && !masas->entry->edit.ptr) {
        if (!masas->was_read) {
            ask_feed(masas);
            return;
        }
        masas->entry = NULL; /* the hub lets nobody change it */
    }
    bool is_cancel = masas->alert->msg_type == MSG_TYPE_CANCEL;
    bool is_over = masas->until_s <= now_s; /* or it was superseded before it came */
    const char *nothing = is_there                     ? "an entry has it already"
                          : !masas->entry && is_cancel ? "no entry of what it cancels"
                          : !masas->entry && is_over   ? "it is not in force"
                                                       : NULL;
    if (nothing) {
        log_nothing_to_do(masas, nothing);
        done(masas, OUTLET_DELIVERED, 0, nothing);
        return;
    }
    post(masas);
}

/* --- the bulletin --- */

/* Defence in depth: the class says it already. */
static bool fits_hub(const struct masas *masas, const struct alert *alert)
{
    enum alert_class class = alert_class_of_status(alert->status);
    return class == masas->bulletin->class &&
           (masas->hub == MASAS_OPERATIONS ? class == CLASS_ACTUAL : class == CLASS_EXERCISE);
}

/* Nothing may be told before masas_deliver() has returned. */
static void on_begin(void *context)
{
    struct masas *masas = context;

    if (!masas->alert)
        done(masas, OUTLET_REFUSED, 0, "it cannot be read");
    else if (!fits_hub(masas, masas->alert))
        done(masas, OUTLET_REFUSED, 0, "its status is not what the hub is for");
    else if (masas->in_doubt || !loop_timer_active(masas->known))
        ask_feed(masas);
    else
        decide(masas);
}

static void masas_deliver(void *instance, const struct outlet_bulletin *bulletin)
{
    struct masas *masas = instance;

    masas->delivery = arena_create();
    masas->bulletin = bulletin;
    masas->was_read = false;
    masas->until_s = masas_entry_read_header(bulletin->header, &(struct masas_entry){0});
    struct parsed parsed = parser_read_bare(masas->parser, masas->delivery, bulletin->derived);
    masas->alert = parsed.count == 1 && parsed.alerts[0]->relayable ? parsed.alerts[0] : NULL;
    loop_timer_start(masas->begin, 0);
}

/* --- the contract --- */

static enum err_code check_class(const struct masas *masas, struct err *err)
{
    bool operations = masas->hub == MASAS_OPERATIONS;
    bool actual = outlet_class(masas->outlet) == CLASS_ACTUAL;

    if (operations && !actual)
        return err_set(err, ERR_INVALID,
                       "hub: an operations hub takes no exercise; `class: actual` alone");
    if (!operations && actual)
        return err_set(err, ERR_INVALID,
                       "hub: an exercise or training hub takes nothing that is actual; `class: "
                       "exercise` alone must stand beside it");
    if (operations && slice_trim(masas->agreement).len == 0)
        return err_set(err, ERR_INVALID,
                       "agreement: name the agreement under which this relay may post to an "
                       "operations hub; without one it does not");
    return OK;
}

static void masas_fini(void *instance);

static enum err_code masas_init(void *instance, struct outlet *outlet, struct err *err)
{
    struct masas *masas = instance;
    enum err_code code;

    masas->outlet = outlet;
    masas->arena = arena_create();
    masas->standing = standing_create();
    code = check_class(masas, err);
    if (code == OK)
        code = hub_access_init(&masas->access, masas->arena, masas->url, masas->secret_file,
                               (enum hub_secret_in)masas->secret_in, err);
    if (code == OK)
        code = parser_create(&masas->parser, err);
    if (code != OK)
        masas_fini(masas); /* which nobody else calls then */
    return code;
}

static void on_known_over(void *context)
{
    struct masas *masas = context;

    if (!masas->delivery) /* which may use it still; then it is forgotten before the next one */
        forget(masas);
}

static enum err_code masas_start(void *instance, struct err *err)
{
    struct masas *masas = instance;
    const struct http_options http = {.ca_file = masas->ca_file.ptr,
                                      .proxy = masas->proxy.ptr,
                                      .timeout_us = masas->timeout_us,
                                      .max_parallel = 1};
    enum err_code code = http_client_create(outlet_loop(masas->outlet), &http, &masas->client, err);

    if (code)
        return code;
    masas->begin = loop_timer_create(outlet_loop(masas->outlet), on_begin, masas);
    masas->known = loop_timer_create(outlet_loop(masas->outlet), on_known_over, masas);
    if (masas->hub == MASAS_OPERATIONS)
        log_write(LOG_LEVEL_NOTICE, "outlet.agreement", "outlet=%s agreement=%s",
                  outlet_name(masas->outlet).ptr, log_quote(masas->agreement).text);
    outlet_ready(masas->outlet, SOURCE_CONNECTING, "nothing was posted yet since the start");
    return OK;
}

static void masas_stop(void *instance)
{
    struct masas *masas = instance;

    loop_timer_destroy(masas->begin);
    loop_timer_destroy(masas->known);
    masas->begin = masas->known = NULL;
    http_cancel(masas->request);
    masas->request = NULL;
    http_client_destroy(masas->client);
    masas->client = NULL;
    arena_destroy(masas->delivery);
    masas->delivery = NULL;
    masas->bulletin = NULL;
}

static void masas_fini(void *instance)
{
    struct masas *masas = instance;

    masas_stop(instance);
    standing_destroy(masas->standing);
    parser_destroy(masas->parser);
    arena_destroy(masas->arena);
    hub_access_fini(&masas->access);
}

static void masas_tell(const void *instance, char *out, size_t size)
{
    const struct masas *masas = instance;

    snprintf(out, size, "%s",
             masas->is_misnamed ? "`author` is not what the hub names (outlet.author in the log)"
                                : "");
}

const struct outlet_ops outlet_masas = {
    .kind = "masas",
    .summary = "an entry on a MASAS hub for each alert, changed and cancelled with it",
    .instance_size = sizeof(struct masas),
    .options = options,
    .init = masas_init,
    .start = masas_start,
    .deliver = masas_deliver,
    .stop = masas_stop,
    .fini = masas_fini,
    .tell = masas_tell,
};
