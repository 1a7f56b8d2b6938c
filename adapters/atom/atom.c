/*
 * atom: CAP alerts and incident information from an Atom feed (RFC 4287, GeoRSS), a MASAS hub among
 * others.
 *
 * The feed is polled, conditionally and no oftener than its cache says. Of each entry that is new
 * or was updated the message is delivered once: what its link leads to, or the entry itself, byte
 * for byte, where CAP, an EDXL-DE envelope or incident information is in it. What was delivered is
 * remembered by marks in the journal. Of a hub all that changed is asked for by time, so that what
 * was withdrawn is seen too.
 */
#include "adapters/atom/source.h"
#include "adapters/rows.h"
#include "http/rows.h"

static const struct conf_choice hubs[] = {{"none", ATOM_PLAIN},
                                          {"operations", ATOM_OPERATIONS},
                                          {"exercise", ATOM_EXERCISE},
                                          {"training", ATOM_TRAINING},
                                          {NULL, 0}};
#define AT(member) .offset = offsetof(struct atom_source, member)

static enum err_code check_bbox(const void *value, struct err *err)
{
    struct slice bbox = *(const struct slice *)value;
    double numbers[4];
    size_t count = 0;
    struct slice rest = bbox, part;
    while (slice_next_part(&rest, ',', &part)) {
        if (count == 4 || !slice_to_double(slice_trim(part), &numbers[count]))
            return err_set(err, ERR_INVALID,
                           "wanted are west,south,east,north in degrees, as in "
                           "\"-69.1,44.5,-63.7,48.1\"");
        count++;
    }
    if (count != 4 || numbers[0] < -180 || numbers[2] > 180 || numbers[0] >= numbers[2] ||
        numbers[1] < -90 || numbers[3] > 90 || numbers[1] >= numbers[3])
        return err_set(err, ERR_INVALID,
                       "wanted are west,south,east,north in degrees, west below east and "
                       "south below north");
    return OK;
}

static enum err_code check_parameters(const void *value, struct err *err)
{
    const struct conf_texts *parameters = value;
    for (size_t i = 0; i < parameters->count; i++) {
        struct slice name = {0}, rest = parameters->items[i];
        slice_next_part(&rest, '=', &name);
        if (name.len == 0 || name.len == parameters->items[i].len)
            return err_set(err, ERR_INVALID, "`%s` says no value; NAME=VALUE is wanted",
                           parameters->items[i].ptr);
        if (slice_ieq_cstr(name, "secret"))
            return err_set(err, ERR_INVALID,
                           "a secret here would be in the configuration for all who read it; "
                           "secret_file is for it");
    }
    return OK;
}

static const struct conf_row options[] = {
    {.name = "url",
     .type = CONF_TEXT,
     AT(url),
     .required = true,
     .check = http_check_url,
     .help = "The feed. A query in it is kept; a secret belongs into secret_file."},
    {.name = "hub",
     .type = CONF_CHOICE,
     AT(hub),
     .fallback = "none",
     .choices = hubs,
     .help = "none: any Atom feed. Else a MASAS hub: operations, or exercise or training, which "
             "need `class: exercise` beside them, since what they say is never actual. A hub is "
             "asked by `dtsince` for all that changed, also for what was withdrawn."},
    HUB_SECRET_ROWS(false, AT(secret_file), AT(secret_in)),
    {.name = "bbox",
     .type = CONF_TEXT,
     AT(bbox),
     .check = check_bbox,
     .help = "Only entries in this box, west,south,east,north in degrees; parameter `bbox`."},
    {.name = "lang",
     .type = CONF_TEXT,
     AT(lang),
     .help = "Parameter `lang` (en, fr). Default: all languages, which is what a relay needs."},
    {.name = "parameters",
     .type = CONF_TEXTS,
     AT(parameters),
     .check = check_parameters,
     .help = "Further parameters of the query as the feed knows them, each NAME=VALUE: "
             "[\"lat=45.2\", \"lon=-66.6\", \"radius=100000\"]."},
    {.name = "fetch_from",
     .type = CONF_TEXTS,
     AT(fetch_from),
     .check = fetch_from_check,
     .help = "What the address of a message that an entry links to must begin with, each with a "
             "slash at the end. Default: the feed's own server."},
    {.name = "user_agent",
     .type = CONF_TEXT,
     AT(user_agent),
     .help = "Who asks, and how to reach you: \"caprelay (ops@eoc.example)\". Default: "
             "caprelay/VERSION."},
    SOURCE_INTERVAL_ROW(AT(interval_us), "60s",
                        "Between looks at the feed; longer where the server's cache says so."),
    SOURCE_CATCH_UP_ROW(
        AT(catch_up_us), "24h",
        "A hub only: at the start, what changed so long ago is asked for too, although it may "
        "have ended; 0s: only what is current, and nothing of what is withdrawn."),
    SOURCE_PARALLEL_ROW(AT(parallel), "Linked messages fetched at once."),
    HTTP_TIMEOUT_ROW(AT(timeout_us), "30s"),
    HTTP_CA_FILE_ROW(AT(ca_file)),
    HTTP_PROXY_ROW(AT(proxy)),
    {.type = CONF_END}};

static bool lately_good(const struct atom_source *source)
{
    return source->good_mono_us &&
           host_monotonic_us(source->host) - source->good_mono_us < ATOM_DOWN_AFTER_US;
}

void atom_tell_state(struct atom_source *source)
{
    struct host *host = source->host;
    bool lately = lately_good(source);
    if (source->poll_error[0]) {
        host_state(host, lately ? SOURCE_DEGRADED : SOURCE_DOWN, "the feed cannot be read: %s",
                   source->poll_error);
    } else if (gather_trouble(&source->gather) && source->poll_waits && !source->gather.paused) {
        host_state(host, lately ? SOURCE_DEGRADED : SOURCE_DOWN,
                   "linked messages cannot be fetched, and so many wait that the feed is not read "
                   "on: %s",
                   gather_trouble(&source->gather));
    } else if (!source->good_mono_us) {
        host_state(host, SOURCE_CONNECTING, "asking %s", source->shown.ptr);
    } else if (gather_trouble(&source->gather)) {
        host_state(host, SOURCE_DEGRADED, "linked messages cannot be fetched: %s",
                   gather_trouble(&source->gather));
    } else if (source->gather.list.given_up > 0) {
        host_state(host, SOURCE_DEGRADED,
                   "the server does not give %zu messages that the feed links to (see atom.missing "
                   "in the log)",
                   source->gather.list.given_up);
    } else if (source->elsewhere_known > 0) {
        host_state(host, SOURCE_DEGRADED,
                   "entries lead to servers that fetch_from does not name (see atom.elsewhere in "
                   "the log)");
    } else {
        host_state(host, SOURCE_LIVE, "polling %s", source->shown.ptr);
    }
}

/* --- fetching what entries link to --- */

static struct http_request *ask_for(void *context, struct listed_item *item, size_t max_body,
                                    http_fn fn)
{
    struct http_call call = {.url = item->url, .max_body = max_body};
    return atom_ask(context, &call, fn, item);
}

static void on_came(void *context, struct listed_item *item)
{
    const struct atom_source *source = context;
    hub_access_blot(&source->access, item->bytes);
}

static void on_missing(void *context, const struct listed_item *item, const char *words)
{
    const struct atom_source *source = context;
    struct arena *arena = arena_create();
    struct slice shown = http_url_shown(arena, slice_from_cstr(item->url));
    host_log(source->host, LOG_LEVEL_ERROR, "atom.missing",
             "url=%s tries=%u error=%s reason=\"linked to, but the server does not give it: lost\"",
             log_quote(shown).text, item->tries, log_quote_cstr(words).text);
    arena_destroy(arena);
}

static void on_tell(void *context)
{
    atom_tell_state(context);
}

static void on_room(void *context)
{
    atom_poll_go_on(context);
}

static const struct gather_ops gathering = {
    .ask = ask_for, .came = on_came, .missing = on_missing, .tell = on_tell, .room = on_room};

/* --- options --- */

static enum err_code check_hub(const struct atom_source *source, struct err *err)
{
    bool never_actual = source->hub == ATOM_EXERCISE || source->hub == ATOM_TRAINING;
    if (never_actual && host_class(source->host) != CLASS_EXERCISE)
        return err_set(err, ERR_INVALID,
                       "hub: what an %s hub says is never actual: `class: exercise` must stand "
                       "beside it",
                       source->hub == ATOM_EXERCISE ? "exercise" : "training");
    if (source->hub != ATOM_PLAIN && !source->secret_file.ptr)
        return err_set(err, ERR_INVALID,
                       "secret_file: is missing; a hub gives nothing without an access code");
    return OK;
}

static enum err_code atom_init(void *instance, struct host *host, struct err *err)
{
    struct atom_source *source = instance;
    source->host = host;
    source->arena = arena_create();
    if (check_hub(source, err) != OK ||
        hub_access_init(&source->access, source->arena, source->url, source->secret_file,
                        (enum hub_secret_in)source->secret_in, err) != OK)
        goto refused;
    source->shown = http_url_shown(source->arena, source->url);
    gather_init(&source->gather, host, source, &gathering);
    atom_incidents_init(&source->incidents);
    return OK;
refused: /* nobody calls fini then */
    hub_access_fini(&source->access);
    arena_destroy(source->arena);
    return err->code;
}

/* --- the contract --- */

static enum err_code atom_start(void *instance, struct err *err)
{
    struct atom_source *source = instance;
    struct host *host = source->host;
    const struct http_options http = {.user_agent = source->user_agent.ptr,
                                      .ca_file = source->ca_file.ptr,
                                      .proxy = source->proxy.ptr,
                                      .timeout_us = source->timeout_us,
                                      /* the feed never waits for a message */
                                      .max_parallel = (unsigned)source->parallel + 1};
    uint64_t seed = host_seed(host);
    enum err_code code = http_client_create(host_loop(host), &http, &source->client, err);
    if (code != OK)
        return code;
    backoff_init(&source->poll_backoff, ATOM_RETRY_FIRST_US, ATOM_RETRY_MAX_US, seed);
    gather_start(&source->gather, (size_t)source->parallel, seed + 1);
    source->poll_error[0] = '\0';
    atom_poll_start(source);
    atom_tell_state(source);
    return OK;
}

static void atom_stop(void *instance)
{
    struct atom_source *source = instance;
    gather_stop(&source->gather);
    http_client_destroy(source->client);
    source->client = NULL;
    atom_poll_stop(source);
}

static void atom_fini(void *instance)
{
    struct atom_source *source = instance;
    atom_stop(source);
    gather_fini(&source->gather);
    atom_incidents_fini(&source->incidents);
    arena_destroy(source->arena);
    hub_access_fini(&source->access);
}

static void atom_pause(void *instance)
{
    struct atom_source *source = instance;
    gather_pause(&source->gather);
}

static void atom_resume(void *instance)
{
    struct atom_source *source = instance;
    gather_resume(&source->gather);
}

static void atom_settled(void *instance, const struct adapter_outcome *outcome)
{
    (void)instance;
    gather_settled(outcome);
}

const struct adapter_ops adapter_atom = {
    .name = "atom",
    .summary = "CAP alerts and incident information from an Atom feed, such as a MASAS hub",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct atom_source),
    .options = options,
    .init = atom_init,
    .start = atom_start,
    .stop = atom_stop,
    .fini = atom_fini,
    .pause = atom_pause,
    .resume = atom_resume,
    .settled = atom_settled,
};
