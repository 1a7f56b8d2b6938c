/*
 * naad: Canada's National Alert Aggregation and Dissemination system (Pelmorex), as a last mile
 * distributor receives it: two TCP streams with the same messages at once, and an archive for what
 * both missed.
 *
 * All that arrives is handed on, so the second copy of each alert becomes a row of the journal, a
 * duplicate. Heartbeats say that a stream lives and name the ten latest alerts; what has not
 * arrived of them, or of what any alert references, is asked for at the archive.
 */
#include "adapters/adapter.h"
#include "adapters/backoff.h"
#include "adapters/naad/archive.h"
#include "adapters/naad/stream.h"
#include "adapters/rows.h"
#include "alert/parse.h"
#include "base/arena.h"
#include "http/http.h"
#include "intake/intake.h"

#include <inttypes.h>

enum {
    STREAMS_MAX = 4,
    RETRY_FIRST_US = 1000000,
    ARCHIVE_TIMEOUT_US = 30000000,
    HEARTBEAT_NAMES = 10 /* of the latest alerts */
};

struct naad {
    struct host *host;
    /* options */
    struct conf_texts streams, archives;
    int64_t silence_us, connect_timeout_us, reconnect_max_us, archive_keep_us, archive_grace_us;
    /* */
    struct dial_address addresses[STREAMS_MAX];
    struct stream *running[STREAMS_MAX];
    struct archive *archive; /* NULL where there is none */
};

static enum err_code check_stream_list(const void *value, struct err *err)
{
    const struct conf_texts *streams = value;
    struct dial_address address;
    if (streams->count > STREAMS_MAX)
        return err_set(err, ERR_INVALID, "names %zu; at most %d are possible", streams->count,
                       STREAMS_MAX);
    for (size_t i = 0; i < streams->count; i++)
        if (dial_address_parse(streams->items[i], &address, err) != OK)
            return ERR_INVALID;
    return OK;
}

static enum err_code check_archives(const void *value, struct err *err)
{
    const struct conf_texts *archives = value;
    for (size_t i = 0; i < archives->count; i++)
        if (http_check_base_url(&archives->items[i], err) != OK)
            return ERR_INVALID;
    return OK;
}

static const struct conf_row options[] = {
    {.name = "streams",
     .type = CONF_TEXTS,
     .offset = offsetof(struct naad, streams),
     .required = true,
     .check = check_stream_list,
     .help = "HOST:PORT of each TCP stream, all of them at once: they bring the same messages."},
    {.name = "archives",
     .type = CONF_TEXTS,
     .offset = offsetof(struct naad, archives),
     .check = check_archives,
     .help = "URLs of the archive, without a slash at the end. What a heartbeat or an alert "
             "references and has not arrived is asked for there. Without it nothing is."},
    {.name = "silence",
     .type = CONF_DURATION,
     .offset = offsetof(struct naad, silence_us),
     .fallback = "150s",
     .min = 1,
     .max = 3600,
     .help = "A stream that brings no document for so long is connected anew. There is a "
             "heartbeat every minute."},
    {.name = "connect_timeout",
     .type = CONF_DURATION,
     .offset = offsetof(struct naad, connect_timeout_us),
     .fallback = "10s",
     .min = 0.1,
     .max = 300,
     .help = "For looking up the name and connecting."},
    SOURCE_RECONNECT_MAX_ROW(.offset = offsetof(struct naad, reconnect_max_us), "30s"),
    {.name = "archive_keep",
     .type = CONF_DURATION,
     .offset = offsetof(struct naad, archive_keep_us),
     .fallback = "48h",
     .min = 60,
     .max = 2678400,
     .help = "How far back the archive reaches: nothing older is asked for."},
    {.name = "archive_grace",
     .type = CONF_DURATION,
     .offset = offsetof(struct naad, archive_grace_us),
     .fallback = "10s",
     .min = 0.1,
     .max = 3600,
     .help = "How long the streams may take to bring what was referenced before the archive is "
             "asked; the pauses between attempts grow from it."},
    {.type = CONF_END}};

/* --- state for people --- */

/* Of all that are down. */
static struct slice troubles_of(const struct naad *naad, struct arena *arena)
{
    struct slice text = SLICE("");
    for (size_t i = 0; i < naad->streams.count; i++) {
        const struct stream *stream = naad->running[i];
        if (stream_state(stream) == STREAM_DOWN)
            text = arena_printf(arena, "%.*s%s%s", SLICE_ARG(text), text.len > 0 ? "; " : "",
                                stream_trouble(stream));
    }
    return text;
}

static void tell_state(void *context)
{
    struct naad *naad = context;
    struct arena *arena = arena_create();
    struct slice troubles = troubles_of(naad, arena);
    size_t count = naad->streams.count, in_state[STREAM_DOWN + 1] = {0};
    for (size_t i = 0; i < count; i++)
        in_state[stream_state(naad->running[i])]++;
    size_t live = in_state[STREAM_LIVE], down = in_state[STREAM_DOWN];
    uint64_t missing = naad->archive ? archive_state(naad->archive).missing : 0;
    if (live > 0 && down == 0 && missing > 0)
        host_state(naad->host, SOURCE_LIVE,
                   "%zu of %zu streams bring documents; referenced, and nowhere: %" PRIu64
                   " so far (see archive.missing in the log)",
                   live, count, missing);
    else if (live > 0 && down == 0)
        host_state(naad->host, SOURCE_LIVE, "%zu of %zu streams bring documents", live, count);
    else if (live > 0)
        host_state(naad->host, SOURCE_DEGRADED, "%zu of %zu streams bring documents; %.*s", live,
                   count, SLICE_ARG(troubles));
    else if (down == count)
        host_state(naad->host, SOURCE_DOWN, "%.*s", SLICE_ARG(troubles));
    else
        host_state(naad->host, SOURCE_CONNECTING, "%zu of %zu streams are connected%s%.*s",
                   in_state[STREAM_OPEN], count, down > 0 ? "; " : "", SLICE_ARG(troubles));
    arena_destroy(arena);
}

/* --- documents --- */

static void deliver(struct naad *naad, struct slice bytes)
{
    const struct adapter_document document = {.bytes = bytes};
    host_deliver(naad->host, &document);
}

/* What is broken has a row in the journal too; what the end of a connection cut off has not
 * arrived, and comes by the other stream or from the archive. */
static void take_document(void *context, enum frame_kind kind, struct slice bytes)
{
    static const char *const names[] = {[FRAME_BROKEN] = "broken-off",
                                        [FRAME_TOO_LONG] = "too-long",
                                        [FRAME_NOISE] = "no-document",
                                        [FRAME_CUT] = "cut-by-disconnect"};
    struct naad *naad = context;
    if (kind != FRAME_WHOLE)
        host_log(naad->host, LOG_LEVEL_WARNING, "naad.frame", "what=%s bytes=%zu", names[kind],
                 bytes.len);
    if (kind != FRAME_CUT)
        deliver(naad, bytes);
}

static void on_missing(void *context)
{
    tell_state(context);
}

static void take_archived(void *context, struct slice bytes)
{
    deliver(context, bytes);
}

/* --- life --- */

static enum err_code init(void *instance, struct host *host, struct err *err)
{
    struct naad *naad = instance;
    naad->host = host;
    for (size_t i = 0; i < naad->streams.count; i++)
        if (dial_address_parse(naad->streams.items[i], &naad->addresses[i], err) != OK)
            return err_wrap(err, "streams");
    return OK;
}

static enum err_code make_archive(struct naad *naad, struct err *err)
{
    const struct archive_options archive = {.host = naad->host,
                                            .bases = &naad->archives,
                                            .document_max = PARSE_BYTES_MAX,
                                            .timeout_us = ARCHIVE_TIMEOUT_US,
                                            .keep_us = naad->archive_keep_us,
                                            .grace_us = naad->archive_grace_us,
                                            .document = take_archived,
                                            .missing = on_missing,
                                            .context = naad};
    if (naad->archives.count == 0 || naad->archive)
        return OK;
    return archive_create(&archive, &naad->archive, err);
}

static void make_stream(struct naad *naad, size_t i)
{
    int64_t now_us = host_now_us(naad->host);
    const struct stream_options stream = {
        .loop = host_loop(naad->host),
        .address = naad->addresses[i],
        .document_max = PARSE_BYTES_MAX,
        .connect_timeout_us = naad->connect_timeout_us,
        .silence_us = naad->silence_us,
        .retry_first_us = RETRY_FIRST_US,
        .retry_max_us = naad->reconnect_max_us,
        .seed = backoff_seed(host_relay_name(naad->host), naad->streams.items[i], now_us),
        .document = take_document,
        .changed = tell_state,
        .context = naad};
    naad->running[i] = stream_create(&stream);
}

static enum err_code start(void *instance, struct err *err)
{
    struct naad *naad = instance;
    enum err_code code = make_archive(naad, err);
    if (code != OK)
        return code;
    for (size_t i = 0; i < naad->streams.count; i++)
        if (!naad->running[i])
            make_stream(naad, i);
    if (naad->archive)
        archive_start(naad->archive);
    for (size_t i = 0; i < naad->streams.count; i++)
        stream_start(naad->running[i]);
    return OK;
}

static void stop(void *instance)
{
    struct naad *naad = instance;
    for (size_t i = 0; i < STREAMS_MAX; i++)
        if (naad->running[i])
            stream_stop(naad->running[i]);
    if (naad->archive)
        archive_stop(naad->archive);
}

static void fini(void *instance)
{
    struct naad *naad = instance;
    for (size_t i = 0; i < STREAMS_MAX; i++)
        stream_destroy(naad->running[i]);
    archive_destroy(naad->archive);
}

static void pause_source(void *instance)
{
    struct naad *naad = instance;
    for (size_t i = 0; i < naad->streams.count; i++)
        stream_pause(naad->running[i]);
    if (naad->archive)
        archive_pause(naad->archive);
}

static void resume_source(void *instance)
{
    struct naad *naad = instance;
    for (size_t i = 0; i < naad->streams.count; i++)
        stream_resume(naad->running[i]);
    if (naad->archive)
        archive_resume(naad->archive);
}

static size_t oldest_of(const struct alert *alert)
{
    size_t oldest = 0;
    for (size_t i = 1; i < alert->reference_count; i++)
        if (alert->references[i].sent.utc_s < alert->references[oldest].sent.utc_s)
            oldest = i;
    return oldest;
}

/* Where the oldest that a full heartbeat names was missed too, what was missed may reach further
 * back than anything that can be asked for by name. */
static void tell_gap(struct naad *naad, const struct alert *alert)
{
    host_log(
        naad->host, LOG_LEVEL_WARNING, "naad.gap",
        "before=%s reason=\"the oldest alert that the heartbeat names was missed; those before "
        "it cannot be asked for here: compare with other sources\"",
        log_quote(alert->references[oldest_of(alert)].sent.text).text);
}

static void settled(void *instance, const struct adapter_outcome *outcome)
{
    struct naad *naad = instance;
    const struct alert *alert = outcome->intake ? outcome->intake->alert : NULL;
    bool full = alert && alert->kind == KIND_HEARTBEAT && alert->reference_count >= HEARTBEAT_NAMES;
    bool gap = false;
    for (size_t i = 0; naad->archive && alert && i < alert->reference_count; i++) {
        struct cap_reference sent = host_as_sent(naad->host, &alert->references[i]);
        gap |= archive_want(naad->archive, &sent) && full && i == oldest_of(alert);
    }
    if (gap)
        tell_gap(naad, alert);
}

const struct adapter_ops adapter_naad = {
    .name = "naad",
    .summary = "NAAD, Canada's alert aggregator: TCP streams and archive",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct naad),
    .options = options,
    .init = init,
    .start = start,
    .stop = stop,
    .fini = fini,
    .pause = pause_source,
    .resume = resume_source,
    .settled = settled,
};
