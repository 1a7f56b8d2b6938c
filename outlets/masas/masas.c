/*
 * masas: each bulletin's derived message as an entry on a MASAS hub (docs/outlets.md).
 *
 * A hub keeps no record of what it was sent, and an answer may be lost: before anything is posted
 * the hub's feed is asked for the entry that has this message already, or one that it updates or
 * cancels. So nothing is posted twice, not after a crash either, and a chain stays one entry.
 *
 * Whoever may post there can write an entry with a message's identifier before us, and an Atom
 * entry cannot prove whose it is: identifier and text are the same for every relay that has the
 * alert, and a code made with the access code would give that away to guessing. Only the hub knows,
 * who names the author of each entry: with `author` no other entry counts, whatever the hub answers
 * to the query. Without it an entry of others with our identifier passes for ours. An operations
 * hub takes class actual alone, and only under an agreement that the operator names; exercise and
 * training hubs take class exercise alone.
 */
#include "http/rows.h"
#include "outlets/masas/entry.h"
#include "outlets/outlet.h"

#include "adapters/hub_access.h"
#include "alert/atom.h"
#include "alert/parse.h"
#include "seal/json.h"

#include <string.h>

enum {
    PAGES_MAX = 100,
    HEADERS_MAX = 2,
    REPLACED_MAX = 100, /* a chain that is longer loses its oldest */
    SHUNNED_MAX = 8
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
    struct loop_timer *unfit;     /* the bulletin is none for this hub */
    /* what is being delivered */
    struct arena *delivery; /* NULL: nothing */
    const struct outlet_bulletin *bulletin;
    const struct alert *alert; /* NULL: it could not be read */
    int64_t until_s;           /* in force until then; 0: it never was */
    struct slice edit;         /* where the entry that it changes can be changed; absent: none */
    struct slice replaced[REPLACED_MAX]; /* what that entry is and was */
    size_t replaced_count;
    struct slice shunned[SHUNNED_MAX]; /* entries that we may not change: they are not ours */
    size_t shunned_count;
    struct slice page;
    unsigned pages;
    unsigned others; /* entries that have our identifiers, and another author */
    bool is_there;   /* an entry has this message already */
};

static const struct conf_choice hubs[] = {{"operations", MASAS_OPERATIONS},
                                          {"exercise", MASAS_EXERCISE},
                                          {"training", MASAS_TRAINING},
                                          {NULL, 0}};

#define AT(member) .offset = offsetof(struct masas, member)

static const struct conf_row options[] = {
    {.name = "url",
     .type = CONF_TEXT,
     AT(url),
     .required = true,
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
     .help = "The URI by which the hub knows this relay: only its own entries are looked through, "
             "by parameter `author`, and count. Default: the whole feed, where others may post an "
             "entry that passes for the relay's own."},
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

/* --- posting --- */

static struct masas_entry entry_of(const struct masas *masas)
{
    struct masas_entry entry = {
        .alert = masas->alert,
        .cap = masas->bulletin->derived,
        .embed = masas->embed_cap,
        .bulletin = masas->bulletin->id,
        .replaced = masas->replaced,
        .replaced_count = masas->edit.ptr ? masas->replaced_count : 0,
        .until_s = masas->until_s ? masas->until_s
                                  : outlet_now_s(masas->outlet) + masas->cancel_shown_us / 1000000,
    };
    struct err err;
    json_t *root = json_read(masas->bulletin->header, &err);
    json_t *box = json_object_get(json_object_get(root, "area"), "bbox");

    entry.has_box = json_array_size(box) == 4;
    for (size_t i = 0; entry.has_box && i < 4; i++)
        entry.box[i] = json_number_value(json_array_get(box, i));
    json_decref(root);
    return entry;
}

static void send(struct masas *masas, struct http_call *call, http_fn fn)
{
    const char *headers[HEADERS_MAX] = {"Accept: application/atom+xml"};

    call->headers = headers;
    call->header_count = 1;
    hub_access_add(&masas->access, masas->delivery, call, headers);
    masas->request = http_send(masas->client, call, fn, masas);
}

static void on_answer(void *context, const struct http_result *result);

static void post(struct masas *masas, const char *url)
{
    struct masas_entry entry = entry_of(masas);
    struct http_call call = {.method = masas->edit.ptr ? HTTP_PUT : HTTP_POST,
                             .url = url,
                             .body = masas_entry_write(masas->delivery, &entry),
                             .content_type = "application/atom+xml"};

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

static bool is_cancel(const struct masas *masas)
{
    return masas->alert->msg_type == MSG_TYPE_CANCEL;
}

static void ask_feed(struct masas *masas);

/* The hub takes our code, or it had not answered the feed: the entry is somebody else's. Not where
 * the hub has said by its author that it is ours: what that shows must not stand. */
static bool shun(struct masas *masas)
{
    if (masas->author.len || masas->shunned_count == SHUNNED_MAX)
        return false;
    log_write(LOG_LEVEL_WARNING, "outlet.not-ours",
              "outlet=%s identifier=%s entry=%s text=\"the hub does not let the relay change an "
              "entry that names its message\"",
              outlet_name(masas->outlet).ptr, log_quote(masas->bulletin->identifier).text,
              log_quote(http_url_shown(masas->delivery, masas->edit)).text);
    masas->shunned[masas->shunned_count++] = masas->edit;
    ask_feed(masas);
    return true;
}

static void on_answer(void *context, const struct http_result *result)
{
    struct masas *masas = context;
    int status = result->status;
    bool came = result->failure == HTTP_ANSWERED || result->failure == HTTP_FAILED_TOO_LARGE;
    bool gone = came && masas->edit.ptr && (status == 404 || status == 410);

    masas->request = NULL;
    if (came && status >= 200 && status < 300) {
        done(masas, OUTLET_DELIVERED, 0, "taken");
    } else if (gone && is_cancel(masas)) {
        log_nothing_to_do(masas, "its entry is gone from the hub");
        done(masas, OUTLET_DELIVERED, 0, "gone");
    } else if (gone) {
        masas->edit = (struct slice){NULL, 0};
        post(masas, masas->url.ptr);
    } else if (!came || !masas->edit.ptr || status != 403 || !shun(masas)) {
        fail(masas, result, "posting", true);
    }
}

/* --- what the hub has --- */

static bool refers_to(const struct alert *alert, struct slice identifier)
{
    for (size_t i = 0; i < alert->reference_count; i++)
        if (slice_eq(alert->references[i].identifier, identifier))
            return true;
    return false;
}

static struct slice edit_link(struct masas *masas, const struct atom_entry *entry)
{
    for (size_t i = 0; i < entry->link_count; i++) {
        struct slice url = http_url_join(masas->delivery, masas->page, entry->links[i].href);
        if (slice_eq_cstr(entry->links[i].rel, "edit") && url.ptr &&
            hub_access_is_own(&masas->access, url))
            return url;
    }
    return (struct slice){NULL, 0};
}

static bool is_ours(const struct atom_category *category)
{
    return slice_eq_cstr(category->scheme, MASAS_MESSAGE_SCHEME) ||
           slice_eq_cstr(category->scheme, MASAS_REPLACED_SCHEME);
}

static bool is_shunned(struct masas *masas, const struct atom_entry *entry)
{
    struct slice edit = edit_link(masas, entry);

    for (size_t i = 0; i < masas->shunned_count; i++)
        if (slice_eq(masas->shunned[i], edit))
            return true;
    return false;
}

/* What an entry was before counts too: a bulletin that comes again after a crash, and was updated
 * meanwhile, must not stand beside its update. */
static void look_at(struct masas *masas, const struct atom_entry *entry)
{
    bool changed = false, is_there = false;

    for (size_t i = 0; i < entry->category_count; i++) {
        struct slice term = entry->categories[i].term;
        if (!is_ours(&entry->categories[i]))
            continue;
        is_there = is_there || slice_eq(term, masas->alert->identifier);
        changed = changed || refers_to(masas->alert, term);
    }
    if ((!is_there && !changed) || is_shunned(masas, entry))
        return;
    if (masas->author.len && !slice_eq(slice_trim(entry->author.uri), masas->author)) {
        masas->others++;
        return;
    }
    masas->is_there = masas->is_there || is_there;
    if (!changed || masas->edit.ptr)
        return;
    masas->edit = edit_link(masas, entry);
    for (size_t i = 0; i < entry->category_count && masas->replaced_count < REPLACED_MAX; i++)
        if (is_ours(&entry->categories[i]))
            masas->replaced[masas->replaced_count++] = entry->categories[i].term;
}

/* Superseded before it came, or over. */
static bool is_over(const struct masas *masas)
{
    return masas->until_s <= outlet_now_s(masas->outlet);
}

static void decide(struct masas *masas)
{
    if (masas->others > 0)
        log_write(
            LOG_LEVEL_WARNING, "outlet.not-ours",
            "outlet=%s identifier=%s entries=%u text=\"entries of another author than `author` "
            "name the relay's message; they do not count\"",
            outlet_name(masas->outlet).ptr, log_quote(masas->bulletin->identifier).text,
            masas->others);
    const char *nothing = masas->is_there                        ? "an entry has it already"
                          : !masas->edit.ptr && is_cancel(masas) ? "no entry of what it cancels"
                          : !masas->edit.ptr && is_over(masas)   ? "it is not in force"
                                                                 : NULL;
    if (nothing) {
        log_nothing_to_do(masas, nothing);
        done(masas, OUTLET_DELIVERED, 0, nothing);
        return;
    }
    post(masas, masas->edit.ptr ? masas->edit.ptr : masas->url.ptr);
}

static void on_page(void *context, const struct http_result *result);

static void ask_page(struct masas *masas, struct slice url)
{
    struct http_call call = {.url = url.ptr, .max_body = PARSE_BYTES_MAX};

    masas->page = url;
    masas->pages++;
    send(masas, &call, on_page);
}

static void take_page(struct masas *masas, const struct http_result *result)
{
    struct atom_feed feed;
    struct err err = {0};

    if (atom_read(masas->delivery, result->body, &feed, &err) != OK) {
        done(masas, OUTLET_LATER, 0,
             arena_printf(masas->delivery, "the hub's feed cannot be read: %s", err.text).ptr);
        return;
    }
    for (size_t i = 0; i < feed.count; i++)
        look_at(masas, &feed.entries[i]);
    struct slice next = http_url_join(masas->delivery, masas->page, feed.next);
    bool more = !masas->is_there && next.ptr && hub_access_is_own(&masas->access, next);
    if (more && masas->pages == PAGES_MAX)
        done(masas, OUTLET_LATER, 0,
             "the hub's feed has too many pages to be looked through; `author` narrows it");
    else if (more)
        ask_page(masas, next);
    else
        decide(masas);
}

/* From its first page on. */
static void ask_feed(struct masas *masas)
{
    struct slice url = masas->url;

    masas->edit = (struct slice){NULL, 0};
    masas->replaced_count = 0;
    masas->pages = masas->others = 0;
    masas->is_there = false;
    if (masas->author.len)
        url = hub_access_put(masas->delivery, url, SLICE("author"), masas->author);
    ask_page(masas, url);
}

static void on_page(void *context, const struct http_result *result)
{
    struct masas *masas = context;

    masas->request = NULL;
    if (result->failure == HTTP_ANSWERED && result->status == 200)
        take_page(masas, result);
    else
        fail(masas, result, "reading the hub's feed", false);
}

/* --- the bulletin --- */

/* Defence in depth: the class says it already. */
static bool fits_hub(const struct masas *masas, const struct alert *alert)
{
    enum alert_class class = alert_class_of_status(alert->status);
    return class == masas->bulletin->class &&
           (masas->hub == MASAS_OPERATIONS ? class == CLASS_ACTUAL : class == CLASS_EXERCISE);
}

static void on_unfit(void *context)
{
    struct masas *masas = context;

    done(masas, OUTLET_REFUSED, 0,
         masas->alert ? "its status is not what the hub is for" : "it cannot be read");
}

static int64_t in_force_until(struct slice header)
{
    struct err err;
    json_t *root = json_read(header, &err);
    struct cap_time time = cap_time_parse_lenient(
        slice_from_cstr(json_string_value(json_object_get(root, "in_force_until"))));

    json_decref(root);
    return time.set ? time.utc_s : 0;
}

static void masas_deliver(void *instance, const struct outlet_bulletin *bulletin)
{
    struct masas *masas = instance;

    masas->delivery = arena_create();
    masas->bulletin = bulletin;
    masas->shunned_count = 0;
    masas->until_s = in_force_until(bulletin->header);
    struct parsed parsed = parser_read_bare(masas->parser, masas->delivery, bulletin->derived);
    masas->alert = parsed.count == 1 && parsed.alerts[0]->relayable ? parsed.alerts[0] : NULL;
    if (masas->alert && fits_hub(masas, masas->alert)) {
        ask_feed(masas);
        return;
    }
    loop_timer_start(masas->unfit, 0); /* not told before this has returned */
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
    masas->unfit = loop_timer_create(outlet_loop(masas->outlet), on_unfit, masas);
    if (masas->hub == MASAS_OPERATIONS)
        log_write(LOG_LEVEL_NOTICE, "outlet.agreement", "outlet=%s agreement=%s",
                  outlet_name(masas->outlet).ptr, log_quote(masas->agreement).text);
    outlet_ready(masas->outlet, SOURCE_CONNECTING, "nothing was posted yet since the start");
    return OK;
}

static void masas_stop(void *instance)
{
    struct masas *masas = instance;

    loop_timer_destroy(masas->unfit);
    masas->unfit = NULL;
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
    parser_destroy(masas->parser);
    arena_destroy(masas->arena);
    hub_access_fini(&masas->access);
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
};
