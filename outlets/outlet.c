/* One outlet for one class: its cursor, its deliveries, its state. */
#include "outlets/internal.h"

#include "base/mem.h"
#include "seal/json.h"
#include "seal/packet.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TURN_ROWS = 64,           /* looked at in one turn; what is not for this outlet costs as much */
    TURN_BYTES = 1024 * 1024, /* the same by the size of the frames */
    MARK_US = 1000000,        /* between two cursors stored: what a crash makes come again */
    JOURNAL_RETRY_US = 1000000,
    DOWN_AFTER_US = 60 * 1000000, /* failing for so long is no hiccup any more */
};

static int64_t now_us(const struct outlet *outlet)
{
    return clock_now_us(loop_clock(outlet->outlets->options.loop));
}

/* --- what a kind may ask for --- */

struct loop *outlet_loop(struct outlet *outlet)
{
    return outlet->outlets->options.loop;
}

int64_t outlet_now_s(struct outlet *outlet)
{
    return now_us(outlet) / 1000000;
}

struct slice outlet_name(const struct outlet *outlet)
{
    return outlet->own->name;
}

enum alert_class outlet_class(const struct outlet *outlet)
{
    return outlet->class;
}

unsigned outlet_sides(const struct outlet *outlet)
{
    return outlet->own->sides;
}

/* --- state --- */

static enum log_level state_level(enum source_state state)
{
    return state == SOURCE_CONNECTING ? LOG_LEVEL_INFO
           : state == SOURCE_LIVE     ? LOG_LEVEL_NOTICE
                                      : LOG_LEVEL_WARNING;
}

/* Logged once per change. */
static void set_state(struct outlet *outlet, enum source_state state, const char *reason)
{
    if (outlet->since_us && outlet->state == state && strcmp(outlet->reason, reason) == 0)
        return;
    if (!outlet->since_us || outlet->state != state)
        outlet->since_us = now_us(outlet);
    outlet->state = state;
    snprintf(outlet->reason, sizeof outlet->reason, "%s", reason);
    log_write(state_level(state), "outlet.state",
              "outlet=%s class=%s state=%s number=%" PRIu64 " reason=%s", outlet->own->name.ptr,
              alert_class_name(outlet->class), source_state_name(state), outlet->cursor,
              log_quote_cstr(outlet->reason).text);
}

static void set_failing(struct outlet *outlet, const char *reason)
{
    if (!outlet->failing_since_mono_us)
        outlet->failing_since_mono_us = loop_monotonic_us(outlet_loop(outlet));
    bool long_ago =
        loop_monotonic_us(outlet_loop(outlet)) - outlet->failing_since_mono_us >= DOWN_AFTER_US;
    set_state(outlet, long_ago ? SOURCE_DOWN : SOURCE_DEGRADED, reason);
}

/* --- the cursor --- */

static void store_cursor(struct outlet *outlet)
{
    char source[OUTLET_NAME_MAX + 8], value[24];

    loop_timer_stop(outlet->mark);
    if (outlet->marked == outlet->cursor)
        return;
    snprintf(source, sizeof source, "outlet:%s", outlet->own->name.ptr);
    snprintf(value, sizeof value, "%" PRIu64, outlet->cursor);
    journal_set_mark(outlet->outlets->options.journal, slice_from_cstr(source),
                     slice_from_cstr(alert_class_name(outlet->class)), slice_from_cstr(value));
    outlet->marked = outlet->cursor;
}

static void on_mark(void *context)
{
    store_cursor(context);
}

static void move_cursor(struct outlet *outlet, uint64_t number)
{
    outlet->cursor = number;
    if (!loop_timer_active(outlet->mark))
        loop_timer_start(outlet->mark, MARK_US);
}

static bool kept_cursor(struct outlet *outlet)
{
    for (struct kept_cursor *kept = outlet->outlets->kept; kept; kept = kept->next)
        if (kept->class == outlet->class && slice_eq_cstr(outlet->own->name, kept->name)) {
            outlet->cursor = kept->cursor;
            return true;
        }
    return false;
}

static enum err_code stored_cursor(struct outlet *outlet, struct arena *arena, struct err *err)
{
    struct slice value = {0};
    unsigned long long number = 0;
    enum err_code code =
        journal_mark(outlet->outlets->options.journal, arena,
                     arena_printf(arena, "outlet:%s", outlet->own->name.ptr),
                     slice_from_cstr(alert_class_name(outlet->class)), &value, err);

    if (code)
        return code;
    if (!slice_to_u64(value, &number))
        return err_set(err, ERR_INVALID, "the cursor of outlet %s in the journal is no number",
                       outlet->own->name.ptr);
    outlet->cursor = outlet->marked = number;
    return OK;
}

/* A new outlet's place is stored at once: what is published while the relay is down is above it. */
static enum err_code load_cursor(struct outlet *outlet, struct err *err)
{
    struct arena *arena = arena_create();
    struct journal_head head = {0};
    enum err_code code = journal_head(outlet->outlets->options.journal, outlet->class, &head, err);

    if (!code && !kept_cursor(outlet)) {
        code = stored_cursor(outlet, arena, err);
        if (code == ERR_NOT_FOUND) {
            outlet->cursor = outlet->own->from == CONF_FROM_FIRST ? 0 : head.seq;
            outlet->marked = UINT64_MAX;
            store_cursor(outlet);
            code = OK;
        }
    }
    outlet->broken = !code && outlet->cursor > head.seq;
    arena_destroy(arena);
    return code;
}

/* --- the next bulletin --- */

struct walk {
    struct outlet *outlet;
    size_t rows, bytes; /* that may still be looked at */
    bool found, cut;
};

static bool has_region(const struct outlet *outlet, struct slice region)
{
    for (size_t i = 0; i < outlet->own->regions.count; i++)
        if (slice_eq(outlet->own->regions.items[i], region))
            return true;
    return slice_eq_cstr(region, "--");
}

/* The part of a topic behind CLASS.SIDE. */
static struct slice region_of(struct slice topic)
{
    struct slice part = {0};

    for (int i = 0; i < 3; i++)
        if (!slice_next_part(&topic, '.', &part))
            return (struct slice){0};
    return part;
}

static bool is_wanted(const struct outlet *outlet, const struct journal_row *row)
{
    const struct relay_conf_outlet *own = outlet->own;

    if (own->sides && !(own->sides & 1u << row->side))
        return false;
    for (size_t i = 0; i < row->topic_count && own->regions.count; i++)
        if (has_region(outlet, region_of(row->topics[i])))
            return true;
    return own->regions.count == 0;
}

static void keep_topics(struct outlet *outlet, const struct journal_row *row)
{
    struct slice *topics = arena_alloc_array(outlet->arena, row->topic_count, sizeof *topics);
    struct slice *regions = arena_alloc_array(outlet->arena, row->topic_count, sizeof *regions);

    outlet->at.topics = topics;
    outlet->at.regions = regions;
    for (size_t i = 0; i < row->topic_count; i++) {
        topics[i] = arena_copy(outlet->arena, row->topics[i]);
        struct slice region = region_of(topics[i]);
        if (!slice_eq_cstr(region, "all"))
            regions[outlet->at.region_count++] = arena_copy(outlet->arena, region);
    }
    outlet->at.topic_count = row->topic_count;
}

static bool take_row(void *context, const struct journal_row *row)
{
    struct walk *walk = context;
    struct outlet *outlet = walk->outlet;

    if (is_wanted(outlet, row)) {
        outlet->arena = arena_create();
        outlet->at = (struct outlet_bulletin){
            .relay = outlet->outlets->options.relay_name,
            .class = outlet->class,
            .number = row->seq,
            .side = row->side,
            .frame = arena_copy(outlet->arena, row->frame),
        };
        keep_topics(outlet, row);
        walk->found = true;
        return false;
    }
    move_cursor(outlet, row->seq);
    walk->rows--;
    walk->bytes -= row->frame.len < walk->bytes ? row->frame.len : walk->bytes;
    walk->cut = !walk->rows || !walk->bytes;
    return !walk->cut;
}

/* Fit for a header line: printable ASCII, which those of a relay's own making are. */
static struct slice plain(struct arena *arena, const char *text)
{
    char *copy = arena_cstr(arena, slice_from_cstr(text ? text : ""));

    for (char *c = copy; *c; c++)
        if (*c <= 0x20 || *c >= 0x7f)
            *c = '?';
    return slice_from_cstr(copy);
}

static enum err_code open_parts(struct outlet *outlet, struct err *err)
{
    struct outlet_bulletin *at = &outlet->at;
    struct packet packet;
    enum err_code code = packet_open(outlet->arena, at->frame, &packet, err);

    if (code == OK && packet.count != 4)
        code = err_set(err, ERR_INVALID, "it has %zu parts", packet.count);
    json_t *header = code == OK ? json_read(packet.parts[0], err) : NULL;
    if (code == OK && !header)
        code = ERR_INVALID;
    if (code != OK)
        return code;
    at->id = arena_printf(outlet->arena, "%.*s/%s/%" PRIu64, SLICE_ARG(at->relay),
                          alert_class_name(at->class), at->number);
    at->identifier =
        plain(outlet->arena,
              json_string_value(json_object_get(json_object_get(header, "derived"), "identifier")));
    at->header = arena_copy(outlet->arena, packet.parts[0]);
    at->derived = arena_copy(outlet->arena, packet.parts[2]);
    at->original = arena_copy(outlet->arena, packet.parts[3]);
    json_decref(header);
    return OK;
}

static void forget_delivery(struct outlet *outlet)
{
    arena_destroy(outlet->arena);
    outlet->arena = NULL;
}

static void skip(struct outlet *outlet, const char *reason)
{
    log_write(LOG_LEVEL_ERROR, "outlet.skipped",
              "outlet=%s class=%s number=%" PRIu64 " identifier=%s reason=%s",
              outlet->own->name.ptr, alert_class_name(outlet->class), outlet->at.number,
              log_quote(outlet->at.identifier).text, log_quote_cstr(reason).text);
    outlet->skipped++;
    move_cursor(outlet, outlet->at.number);
}

static void journal_failed(struct outlet *outlet, const struct err *err)
{
    if (!outlet->journal_fails)
        log_write(LOG_LEVEL_ERROR, "outlet.journal", "outlet=%s error=%s", outlet->own->name.ptr,
                  log_quote_cstr(err->text).text);
    outlet->journal_fails = true;
    loop_timer_start(outlet->again, JOURNAL_RETRY_US);
}

void outlet_advance(struct outlet *outlet)
{
    struct walk walk = {.outlet = outlet, .rows = TURN_ROWS, .bytes = TURN_BYTES};
    struct err err = {0};

    if (!outlet->ready || outlet->broken || outlet->arena || loop_timer_active(outlet->again))
        return;
    if (journal_since(outlet->outlets->options.journal, outlet->class, (struct slice){NULL, 0},
                      outlet->cursor, take_row, &walk, &err)) {
        forget_delivery(outlet);
        journal_failed(outlet, &err);
        return;
    }
    outlet->journal_fails = false;
    if (walk.cut)
        loop_timer_start(outlet->again, 0);
    if (!walk.found)
        return;
    /* The relay sealed it itself: what cannot be read is damaged in the journal, and no repeat
     * mends it. */
    if (open_parts(outlet, &err)) {
        outlet_done(outlet, OUTLET_REFUSED, 0, "the journal's copy cannot be read: %s", err.text);
        return;
    }
    outlet->ops->deliver(outlet->instance, &outlet->at);
}

/* --- what became of it --- */

static void on_delivered(struct outlet *outlet)
{
    outlet->delivered++;
    outlet->last_delivered_us = now_us(outlet);
    outlet->delivery_fails = false;
    outlet->failing_since_mono_us = 0;
    backoff_reset(&outlet->backoff);
    move_cursor(outlet, outlet->at.number);
    set_state(outlet, SOURCE_LIVE, "delivering");
}

static int64_t on_refused(struct outlet *outlet, bool in_any_case, const char *reason)
{
    char text[OUTLET_REASON_BYTES + 60];

    if (in_any_case || outlet->own->on_refusal == CONF_REFUSAL_SKIP) {
        skip(outlet, reason);
        snprintf(text, sizeof text, "number %" PRIu64 " was left out: %s", outlet->at.number,
                 reason);
        set_state(outlet, SOURCE_DEGRADED, text);
        outlet->delivery_fails = false;
        outlet->failing_since_mono_us = 0;
        backoff_reset(&outlet->backoff);
        return 0;
    }
    snprintf(text, sizeof text, "stopped: number %" PRIu64 " is refused: %s", outlet->at.number,
             reason);
    outlet->delivery_fails = true;
    if (!outlet->failing_since_mono_us)
        outlet->failing_since_mono_us = loop_monotonic_us(outlet_loop(outlet));
    set_state(outlet, SOURCE_DOWN, text);
    return outlet->own->retry_max_us;
}

void outlet_done(struct outlet *outlet, enum outlet_verdict verdict, int64_t asked_us,
                 const char *reason_format, ...)
{
    char reason[OUTLET_REASON_BYTES];
    int64_t pause_us = 0;
    va_list args;

    va_start(args, reason_format);
    vsnprintf(reason, sizeof reason, reason_format, args);
    va_end(args);
    if (!outlet->arena)
        return;
    if (verdict == OUTLET_DELIVERED)
        on_delivered(outlet);
    if (verdict == OUTLET_REFUSED || verdict == OUTLET_LEFT_OUT)
        pause_us = on_refused(outlet, verdict == OUTLET_LEFT_OUT, reason);
    if (verdict == OUTLET_LATER) {
        outlet->delivery_fails = true;
        set_failing(outlet, reason);
        pause_us = backoff_next(&outlet->backoff, asked_us);
    }
    forget_delivery(outlet);
    loop_timer_start(outlet->again, pause_us);
}

/* A connection alone does not cure a delivery that failed. */
void outlet_ready(struct outlet *outlet, enum source_state state, const char *reason_format, ...)
{
    char reason[OUTLET_REASON_BYTES];
    va_list args;

    va_start(args, reason_format);
    vsnprintf(reason, sizeof reason, reason_format, args);
    va_end(args);
    outlet->ready = true;
    if (!outlet->delivery_fails && !outlet->broken) {
        outlet->failing_since_mono_us = 0;
        backoff_reset(&outlet->backoff);
        set_state(outlet, state, reason);
    }
    if (!loop_timer_active(outlet->again))
        loop_timer_start(outlet->again, 0);
}

void outlet_lost(struct outlet *outlet, const char *reason_format, ...)
{
    char reason[OUTLET_REASON_BYTES];
    va_list args;

    va_start(args, reason_format);
    vsnprintf(reason, sizeof reason, reason_format, args);
    va_end(args);
    outlet->ready = false;
    outlet->delivery_fails |= outlet->arena != NULL;
    forget_delivery(outlet);
    set_failing(outlet, reason);
    loop_timer_start(outlet->again, backoff_next(&outlet->backoff, 0));
}

/* --- life --- */

void outlet_start(struct outlet *outlet)
{
    struct err err = {0};

    if (outlet->running)
        return;
    if (outlet->broken) {
        set_state(outlet, SOURCE_DOWN,
                  "the journal ends below what was delivered: it was lost or an older copy was put "
                  "back; give this outlet another name to begin anew");
        return;
    }
    if (!outlet->since_us)
        set_state(outlet, SOURCE_CONNECTING, "starting");
    outlet->running = true;
    if (outlet->ops->start(outlet->instance, &err))
        outlet_lost(outlet, "%s", err.text);
}

void outlet_stop(struct outlet *outlet)
{
    loop_timer_stop(outlet->again);
    if (outlet->running)
        outlet->ops->stop(outlet->instance);
    outlet->running = outlet->ready = false;
    forget_delivery(outlet);
    store_cursor(outlet);
}

static void on_again(void *context)
{
    struct outlet *outlet = context;

    if (outlet->running && !outlet->ready && outlet->failing_since_mono_us) {
        outlet->ops->stop(outlet->instance);
        outlet->running = false;
        outlet_start(outlet);
        return;
    }
    outlet_advance(outlet);
}

static enum err_code read_options(struct outlet *outlet, struct err *err)
{
    return conf_read_rest(outlet->own->node, relay_conf_outlet_rows, outlet->ops->options,
                          outlet->instance, err);
}

static enum err_code init_instance(struct outlet *outlet, struct err *err)
{
    struct err inner = {0};

    /* Before they are read: what is written meanwhile then shows as changed. */
    outlet->files = conf_files_digest(outlet->ops->options, outlet->instance);
    if (outlet->ops->init(outlet->instance, outlet, &inner))
        return conf_place(outlet->own->node, relay_conf_outlet_rows, outlet->ops->options, &inner,
                          err);
    outlet->initialised = true;
    return OK;
}

bool outlet_files_changed(const struct outlet *outlet)
{
    struct digest files = conf_files_digest(outlet->ops->options, outlet->instance);
    return !digest_eq(&files, &outlet->files);
}

static struct outlet *make_outlet(struct outlets *outlets, const struct outlet_ops *ops,
                                  const struct relay_conf_outlet *own, enum alert_class class)
{
    struct outlet *outlet = mem_alloc(sizeof *outlet);

    outlet->outlets = outlets;
    outlet->ops = ops;
    outlet->conf = relay_conf_hold(outlets->conf);
    outlet->own = own;
    outlet->class = class;
    outlet->instance = mem_alloc(ops->instance_size ? ops->instance_size : 1);
    return outlet;
}

enum err_code outlet_check(struct outlets *outlets, const struct outlet_ops *ops,
                           const struct relay_conf_outlet *own, enum alert_class class, bool init,
                           conf_pem_fn pem, struct err *err)
{
    struct outlet *outlet = make_outlet(outlets, ops, own, class);
    enum err_code code = read_options(outlet, err), one = OK;
    bool readable = code == OK;

    if (pem)
        one = conf_files_check(own->node, ops->options, outlet->instance, pem, code ? NULL : err);
    code = code ? code : one;
    if (readable && init) {
        one = init_instance(outlet, code ? NULL : err);
        code = code ? code : one;
    }
    outlet_destroy(outlet);
    return code;
}

enum err_code outlet_create(struct outlets *outlets, const struct outlet_ops *ops,
                            const struct relay_conf_outlet *own, enum alert_class class,
                            struct outlet **out, struct err *err)
{
    struct outlet *outlet = make_outlet(outlets, ops, own, class);
    struct loop *loop = outlets->options.loop;
    enum err_code code;

    if (loop) {
        outlet->again = loop_timer_create(loop, on_again, outlet);
        outlet->mark = loop_timer_create(loop, on_mark, outlet);
        backoff_init(&outlet->backoff, own->retry_first_us, own->retry_max_us,
                     backoff_seed(outlets->options.relay_name, own->name, now_us(outlet)));
    }
    code = read_options(outlet, err);
    if (code == OK)
        code = init_instance(outlet, err);
    if (code == OK && loop)
        code = load_cursor(outlet, err);
    if (code != OK) {
        outlet_destroy(outlet);
        return code;
    }
    *out = outlet;
    return OK;
}

void outlet_destroy(struct outlet *outlet)
{
    if (outlet->initialised)
        outlet->ops->fini(outlet->instance);
    arena_destroy(outlet->arena);
    loop_timer_destroy(outlet->again);
    loop_timer_destroy(outlet->mark);
    free(outlet->instance);
    relay_conf_release(outlet->conf);
    free(outlet);
}
