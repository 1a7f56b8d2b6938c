/*
 * replay: plays a recorded incident as an exercise (semantics 7).
 *
 * Three steps, each a few pieces a turn: read the recording into a plan, ask the journal what of
 * this run was played already, play the rest at its pace. What is played is the rewritten message
 * (rewrite.c); the header of its bulletin carries the digest of the recorded file. The mark of each
 * message is RUN:FILE#N = start of the run, so that a run that was interrupted goes on with the
 * same times and repeats nothing.
 *
 * Before the first and after the last the relay says so in a message of its own (announce.c): one
 * for each country that the recording may speak for. Its mark is RUN/start/COUNTRY = its `sent`.
 */
#include "adapters/adapter.h"
#include "adapters/replay/announce.h"
#include "adapters/replay/load.h"
#include "adapters/replay/plan.h"
#include "adapters/replay/rewrite.h"
#include "alert/write.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    REPLAY_MARKS_PER_TURN = 256,
    REPLAY_PLAYED_PER_TURN =
        8, /* each is read, parsed, rewritten and written: a millisecond or so */
    REPLAY_IN_FLIGHT_MAX = 256,
    REPLAY_RUN_MAX = 40,
    /* The texts are bounded by the names in them. */
    REPLAY_ANNOUNCEMENT_BYTES_MAX = 256 * 1024
};

enum replay_step { STEP_LOAD = 0, STEP_MARKS, STEP_PLAY, STEP_ENDED };

/* What the subscribers of one side were told of this run. */
struct telling {
    enum side side; /* whose message it is */
    bool started, ended;
    int64_t start_sent_s;
};

struct replay {
    struct host *host;
    /* options */
    struct slice path;
    double speed;
    struct slice run_option;
    int shift; /* enum plan_shift */
    int64_t delay_us;
    int only; /* enum side */
    bool announce;
    /* the run */
    char run_id[REPLAY_RUN_MAX + 1];
    struct slice recording; /* the folder's own name */
    enum replay_step step;
    struct load *load;
    struct plan plan;
    size_t next;
    int64_t start_us;      /* by the clock on the wall, as messages and marks have it */
    int64_t start_mono_us; /* the same instant, for waiting */
    bool continued;        /* a part was played before */
    size_t to_play, played, failed, in_flight;
    struct telling tellings[2];
    size_t telling_count;
    struct loop_timer *turn;
    bool paused;
};

static const struct conf_choice shift_choices[] = {
    {"run", PLAN_SHIFT_RUN}, {"chain", PLAN_SHIFT_CHAIN}, {NULL, 0}};
static const struct conf_choice only_choices[] = {{"ca", SIDE_CA}, {"us", SIDE_US}, {NULL, 0}};

static enum err_code check_run(const void *value, struct err *err)
{
    struct slice run = *(const struct slice *)value;
    bool good = run.len > 0 && run.len <= REPLAY_RUN_MAX;
    for (size_t i = 0; good && i < run.len; i++)
        good = (run.ptr[i] >= 'a' && run.ptr[i] <= 'z') ||
               (run.ptr[i] >= '0' && run.ptr[i] <= '9') || run.ptr[i] == '-';
    return good ? OK
                : err_set(err, ERR_INVALID, "`%s` is no run id; up to 40 of a-z, 0-9 and '-'",
                          run.ptr);
}

static const struct conf_row options[] = {
    {.name = "path",
     .type = CONF_PATH,
     .file = CONF_FILE_FOLDER,
     .offset = offsetof(struct replay, path),
     .required = true,
     .help = "The folder of an incident with its timeline.tsv (offset_s, file, country), or a "
             "folder of CAP files, which are played in the order of their sent."},
    {.name = "speed",
     .type = CONF_NUMBER,
     .offset = offsetof(struct replay, speed),
     .fallback = "1",
     .min = 0,
     .max = 100000,
     .help = "1: at the recorded pace; 60: an hour in a minute; 0: as fast as it goes."},
    {.name = "run",
     .type = CONF_TEXT,
     .offset = offsetof(struct replay, run_option),
     .check = check_run,
     .help = "Name of this run. It becomes part of every identifier; a run of the same name goes "
             "on where it stopped and repeats nothing. Default: the time of the start, a new run "
             "each time."},
    {.name = "shift",
     .type = CONF_CHOICE,
     .offset = offsetof(struct replay, shift),
     .fallback = "run",
     .choices = shift_choices,
     .help =
         "How far the times move. run: all by one amount, so that the first message is sent at the "
         "start. chain: each chain of messages by its own, so that old recordings are in force."},
    {.name = "delay",
     .type = CONF_DURATION,
     .offset = offsetof(struct replay, delay_us),
     .fallback = "0s",
     .min = 0,
     .max = 604800,
     .help = "How long to wait before the first message."},
    {.name = "only",
     .type = CONF_CHOICE,
     .offset = offsetof(struct replay, only),
     .choices = only_choices,
     .help = "Only what timeline.tsv gives for that country: so that two sources, one for each "
             "country, play one incident."},
    {.name = "announce",
     .type = CONF_BOOL,
     .offset = offsetof(struct replay, announce),
     .fallback = "true",
     .help = "Whether start and end of the run are told to subscribers by messages of the relay's "
             "own."},
    {.type = CONF_END}};

static void next_turn(struct replay *replay, int64_t after_us)
{
    if (replay->turn && !replay->paused && replay->step != STEP_ENDED)
        loop_timer_start(replay->turn, after_us > 0 ? after_us : 0);
}

/* --- reading and marks --- */

/* "FILE", or "FILE#2" for the second alert in it. */
static struct slice item_name(struct arena *arena, const struct plan_item *item)
{
    return item->index == 0 ? slice_from_cstr(item->path)
                            : arena_printf(arena, "%s#%u", item->path, item->index + 1);
}

static struct slice item_mark(const struct replay *replay, struct arena *arena,
                              const struct plan_item *item)
{
    struct slice name = item_name(arena, item);
    return arena_printf(arena, "%s:%.*s", replay->run_id, SLICE_ARG(name));
}

static void check_mark(struct replay *replay, struct plan_item *item)
{
    unsigned long long start_s = 0;
    struct slice value;
    struct arena *arena = arena_create();
    if (host_mark(replay->host, item_mark(replay, arena, item), &value)) {
        item->played = true;
        if (slice_to_u64(value, &start_s)) {
            replay->continued = true;
            replay->start_us = (int64_t)start_s * 1000000;
        }
    }
    arena_destroy(arena);
}

/* COUNTRY is that of the source or of `only`; else the recording may speak for both. */
static void choose_tellings(struct replay *replay)
{
    enum side side = host_country(replay->host);
    if (!side)
        side = (enum side)replay->only;
    replay->telling_count = 0;
    for (enum side each = SIDE_CA; replay->announce && each <= SIDE_US; each++)
        if (!side || side == each)
            replay->tellings[replay->telling_count++] = (struct telling){.side = each};
}

static struct slice telling_mark(const struct replay *replay, struct arena *arena, enum side side,
                                 bool ended)
{
    return arena_printf(arena, "%s/%s/%s", replay->run_id, ended ? "end" : "start",
                        side_name(side));
}

static void check_telling(struct replay *replay, struct telling *telling)
{
    unsigned long long sent_s = 0;
    struct slice value;
    struct arena *arena = arena_create();
    if (host_mark(replay->host, telling_mark(replay, arena, telling->side, false), &value) &&
        slice_to_u64(value, &sent_s)) {
        telling->started = true;
        telling->start_sent_s = (int64_t)sent_s;
    }
    telling->ended =
        host_mark(replay->host, telling_mark(replay, arena, telling->side, true), &value);
    /* Nothing is played and nothing was announced: then it has no end either. */
    if (replay->to_play == 0 && !telling->started)
        telling->started = telling->ended = true;
    arena_destroy(arena);
}

static void begin_play(struct replay *replay)
{
    if (!replay->continued)
        replay->start_us = host_now_us(replay->host) + replay->delay_us;
    replay->start_mono_us =
        host_monotonic_us(replay->host) + replay->start_us - host_now_us(replay->host);
    plan_make(&replay->plan, (enum plan_shift)replay->shift, replay->start_us / 1000000);
    replay->to_play = 0;
    for (size_t i = 0; i < replay->plan.count; i++)
        replay->to_play += !replay->plan.items[i].left_out && !replay->plan.items[i].played;
    for (size_t i = 0; i < replay->telling_count; i++)
        check_telling(replay, &replay->tellings[i]);
    replay->next = 0;
    replay->step = STEP_PLAY;
    host_log(replay->host, LOG_LEVEL_NOTICE, "replay.started",
             "run=%s recording=%s alerts=%zu skipped=%zu continued=%s", replay->run_id,
             log_quote(replay->recording).text, replay->to_play, load_skipped(replay->load),
             replay->continued ? "yes" : "no");
    host_state(replay->host, SOURCE_LIVE, "playing %.*s as exercise run %s: %zu alerts",
               SLICE_ARG(replay->recording), replay->run_id, replay->to_play);
}

static void continue_load(struct replay *replay)
{
    if (!load_continue(replay->load, &replay->plan)) {
        replay->next = 0;
        replay->step = STEP_MARKS;
    }
    next_turn(replay, 0);
}

static void continue_marks(struct replay *replay)
{
    for (int i = 0; i < REPLAY_MARKS_PER_TURN && replay->next < replay->plan.count; i++)
        check_mark(replay, &replay->plan.items[replay->next++]);
    if (replay->next == replay->plan.count)
        begin_play(replay);
    next_turn(replay, 0);
}

/* --- playing --- */

static void give_up(struct replay *replay, const struct plan_item *item, const char *reason)
{
    replay->failed++;
    host_log(replay->host, LOG_LEVEL_WARNING, "replay.skipped", "file=%s index=%u reason=%s",
             log_quote_cstr(item->path).text, item->index + 1, log_quote_cstr(reason).text);
}

static void deliver(struct replay *replay, struct plan_item *item,
                    const struct load_document *document, struct arena *arena)
{
    struct buf xml;
    const struct rewrite_options rewriting = {.run_id = slice_from_cstr(replay->run_id),
                                              .shift_s = item->shift_s,
                                              .recording = replay->recording};
    buf_init(&xml, 4 * (size_t)PARSE_BYTES_MAX);
    alert_write(rewrite_alert(arena, document->parsed.alerts[item->index], &rewriting), &xml);
    const struct adapter_document out = {
        .bytes = buf_slice(&xml),
        .mark_key = item_mark(replay, arena, item),
        .mark_value = arena_printf(arena, "%" PRId64, replay->start_us / 1000000),
        .recording = &document->digest,
        .recording_name = item_name(arena, item),
    };
    if (buf_failed(&xml)) {
        give_up(replay, item, "is too large when it is written anew");
    } else {
        replay->in_flight++;
        replay->played++;
        host_deliver(replay->host, &out);
    }
    buf_fini(&xml);
}

static void play(struct replay *replay, struct plan_item *item)
{
    struct err err = {0};
    struct arena *arena = arena_create();
    const struct load_document *document;
    item->played = true;
    if (load_document(replay->load, item->path, &document, &err) != OK)
        give_up(replay, item, err.text);
    else if (item->index >= document->parsed.count ||
             rewrite_refusal(arena, document->parsed.alerts[item->index]) ||
             !slice_eq(document->parsed.alerts[item->index]->identifier, item->identifier))
        give_up(replay, item, "was changed since the recording was read");
    else
        deliver(replay, item, document, arena);
    arena_destroy(arena);
}

/* So long after the start. */
static int64_t offset_us(const struct replay *replay, const struct plan_item *item)
{
    return replay->speed > 0 ? (int64_t)(item->offset_s / replay->speed * 1e6) : 0;
}

/* --- start and end --- */

static int64_t planned_end_s(const struct replay *replay)
{
    for (size_t i = replay->plan.count; i > 0; i--)
        if (!replay->plan.items[i - 1].left_out)
            return (replay->start_us + offset_us(replay, &replay->plan.items[i - 1])) / 1000000;
    return replay->start_us / 1000000;
}

/* Of the whole run, also what was played before a restart. */
static size_t played_in_run(const struct replay *replay)
{
    size_t count = 0;
    for (size_t i = 0; i < replay->plan.count; i++)
        count += !replay->plan.items[i].left_out && replay->plan.items[i].played;
    return count - replay->failed;
}

static void tell(struct replay *replay, struct telling *telling, bool ended)
{
    struct buf xml;
    struct arena *arena = arena_create();
    const struct announcement announcement = {
        .ended = ended,
        .side = telling->side,
        .relay = host_relay_name(replay->host),
        .source = host_name(replay->host),
        .run_id = slice_from_cstr(replay->run_id),
        .recording = replay->recording,
        .sent_s = host_now_us(replay->host) / 1000000,
        .start_sent_s = telling->start_sent_s,
        .end_s = planned_end_s(replay),
        .alerts = ended ? played_in_run(replay) : replay->to_play,
    };
    buf_init(&xml, REPLAY_ANNOUNCEMENT_BYTES_MAX);
    announce_write(arena, &announcement, &xml);
    const struct adapter_document out = {
        .bytes = buf_slice(&xml),
        .mark_key = telling_mark(replay, arena, telling->side, ended),
        .mark_value = arena_printf(arena, "%" PRId64, announcement.sent_s),
    };
    telling->ended = ended;
    telling->started = true;
    if (!ended)
        telling->start_sent_s = announcement.sent_s;
    replay->in_flight++;
    host_deliver(replay->host, &out);
    buf_fini(&xml);
    arena_destroy(arena);
}

static bool has_to_tell(const struct replay *replay, bool ended)
{
    for (size_t i = 0; i < replay->telling_count; i++)
        if (!(ended ? replay->tellings[i].ended : replay->tellings[i].started))
            return true;
    return false;
}

/* False where it has to wait for room; resume goes on. */
static bool tell_all(struct replay *replay, bool ended)
{
    for (size_t i = 0; i < replay->telling_count; i++) {
        struct telling *telling = &replay->tellings[i];
        if (ended ? telling->ended : telling->started)
            continue;
        if (replay->paused)
            return false;
        tell(replay, telling, ended);
    }
    return true;
}

/* False where the start is yet to come. */
static bool tell_start(struct replay *replay)
{
    if (!has_to_tell(replay, false))
        return true;
    int64_t wait_us = replay->start_mono_us - host_monotonic_us(replay->host);
    if (wait_us > 0) {
        next_turn(replay, wait_us);
        return false;
    }
    return tell_all(replay, false);
}

static bool has_played_all(const struct replay *replay)
{
    return replay->step == STEP_PLAY && replay->next == replay->plan.count &&
           replay->in_flight == 0;
}

static void end_if_done(struct replay *replay)
{
    if (!has_played_all(replay))
        return;
    if (has_to_tell(replay, true)) {
        next_turn(replay, 0); /* not from within settled() */
        return;
    }
    replay->step = STEP_ENDED;
    host_log(replay->host, LOG_LEVEL_NOTICE, "replay.ended",
             "run=%s recording=%s played=%zu skipped=%zu", replay->run_id,
             log_quote(replay->recording).text, replay->played,
             load_skipped(replay->load) + replay->failed);
    host_state(replay->host, SOURCE_LIVE, "exercise run %s has ended: %zu alerts played",
               replay->run_id, replay->played);
}

static void continue_play(struct replay *replay)
{
    if (!tell_start(replay))
        return;
    for (int i = 0; i < REPLAY_PLAYED_PER_TURN && replay->next < replay->plan.count;) {
        struct plan_item *item = &replay->plan.items[replay->next];
        if (item->left_out || item->played) {
            replay->next++;
            continue;
        }
        int64_t wait_us =
            replay->start_mono_us + offset_us(replay, item) - host_monotonic_us(replay->host);
        if (wait_us > 0) {
            next_turn(replay, wait_us);
            return;
        }
        if (replay->paused || replay->in_flight >= REPLAY_IN_FLIGHT_MAX)
            return; /* resume or settled goes on */
        replay->next++;
        play(replay, item);
        i++;
    }
    if (has_played_all(replay) && !tell_all(replay, true))
        return;
    end_if_done(replay);
    if (replay->next < replay->plan.count)
        next_turn(replay, 0);
}

static void take_turn(void *context)
{
    struct replay *replay = context;
    if (replay->step == STEP_LOAD)
        continue_load(replay);
    else if (replay->step == STEP_MARKS)
        continue_marks(replay);
    else
        continue_play(replay);
}

/* --- the contract --- */

static struct slice last_name(struct slice path)
{
    while (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '/' && i < path.len)
            return slice_sub(path, i, path.len);
    return path;
}

static enum err_code replay_init(void *instance, struct host *host, struct err *err)
{
    struct replay *replay = instance;
    (void)err;
    replay->host = host;
    replay->recording = last_name(replay->path);
    plan_init(&replay->plan);
    return OK;
}

static void name_run(struct replay *replay)
{
    if (replay->run_option.ptr) {
        snprintf(replay->run_id, sizeof replay->run_id, "%s", replay->run_option.ptr);
        return;
    }
    char now[CLOCK_TEXT_MAX];
    size_t len = 0;
    for (const char *c = clock_format_s(host_now_us(replay->host) / 1000000, now); *c; c++)
        if (*c != '-' && *c != ':')
            replay->run_id[len++] = *c == 'T' ? 't' : *c == 'Z' ? 'z' : *c;
    replay->run_id[len] = '\0';
}

static enum err_code replay_start(void *instance, struct err *err)
{
    struct replay *replay = instance;
    if (!replay->load) {
        enum err_code code =
            load_create(replay->host, replay->path, (enum side)replay->only, &replay->load, err);
        if (code != OK)
            return code;
        name_run(replay);
        choose_tellings(replay);
        host_state(replay->host, SOURCE_CONNECTING, "reading the recording %s", replay->path.ptr);
    }
    replay->turn = loop_timer_create(host_loop(replay->host), take_turn, replay);
    next_turn(replay, 0);
    return OK;
}

/* The run stays as it is: a start after it goes on. */
static void replay_stop(void *instance)
{
    struct replay *replay = instance;
    loop_timer_destroy(replay->turn);
    replay->turn = NULL;
    replay->paused = false;
}

static void replay_fini(void *instance)
{
    struct replay *replay = instance;
    replay_stop(replay);
    load_destroy(replay->load);
    plan_fini(&replay->plan);
}

static void replay_pause(void *instance)
{
    struct replay *replay = instance;
    replay->paused = true;
}

static void replay_resume(void *instance)
{
    struct replay *replay = instance;
    replay->paused = false;
    next_turn(replay, 0);
}

static void replay_settled(void *instance, const struct adapter_outcome *outcome)
{
    struct replay *replay = instance;
    (void)outcome;
    bool waiting = replay->in_flight >= REPLAY_IN_FLIGHT_MAX;
    replay->in_flight--;
    end_if_done(replay);
    if (waiting)
        next_turn(replay, 0);
}

const struct adapter_ops adapter_replay = {
    .name = "replay",
    .summary = "a recorded incident, played as an exercise",
    .api_version = ADAPTER_API_VERSION,
    .exercise_only = true,
    .instance_size = sizeof(struct replay),
    .options = options,
    .init = replay_init,
    .start = replay_start,
    .stop = replay_stop,
    .fini = replay_fini,
    .pause = replay_pause,
    .resume = replay_resume,
    .settled = replay_settled,
};
