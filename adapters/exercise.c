#include "adapters/exercise.h"

#include "adapters/replay/rewrite.h"
#include "alert/identity.h"
#include "alert/write.h"
#include "base/buf.h"

static struct slice run_id(struct arena *arena, struct slice source)
{
    return arena_printf(arena, "source-%.*s", SLICE_ARG(source));
}

struct slice exercise_identifier(struct arena *arena, struct slice source, struct slice identifier)
{
    return rewrite_identifier(arena, run_id(arena, source), identifier);
}

struct slice exercise_as_sent(struct slice source, struct slice identifier)
{
    struct arena *arena = arena_create();
    struct slice suffix = exercise_identifier(arena, source, SLICE(""));
    if (slice_ends_with(identifier, suffix.ptr))
        identifier.len -= suffix.len;
    arena_destroy(arena);
    return identifier;
}

/* A derived identifier stays as it is, so that intake still knows the loop. */
static bool is_rewritten(const struct alert *alert)
{
    return alert->kind == KIND_ALERT && alert->relayable &&
           alert_class_of_status(alert->status) != CLASS_NONE &&
           !identity_is_derived(alert->identifier);
}

/* What intake gives a verdict on beside the rewritten ones. What was missing or unknown when it was
 * read is missing when it is written: unreadable stays unreadable. */
static const struct alert *as_read(struct arena *arena, const struct alert *alert)
{
    if (alert->relayable || alert->kind == KIND_HEARTBEAT)
        return alert;
    struct alert *out = arena_alloc(arena, sizeof *out);
    *out = *alert;
    out->note = slice_from_cstr(rewrite_refusal(arena, alert));
    return out;
}

static struct slice written(struct arena *arena, const struct alert *alert)
{
    struct buf xml;
    buf_init(&xml, 4 * (size_t)PARSE_BYTES_MAX);
    alert_write(alert, &xml);
    struct slice text = buf_slice(&xml);
    /* One byte too many is enough for intake to say so. */
    if (text.len > PARSE_BYTES_MAX)
        text.len = PARSE_BYTES_MAX + 1;
    text = arena_copy(arena, text);
    buf_fini(&xml);
    return text;
}

struct exercise_parts exercise_rewrite(const struct parser *parser, struct arena *arena,
                                       struct slice bytes, struct slice source)
{
    const struct rewrite_options options = {
        .run_id = run_id(arena, source),
        .recording = source,
        .told_as = "from the exercise source",
    };
    struct parsed parsed = parser_read(parser, arena, bytes);
    struct exercise_parts parts = {.items =
                                       arena_alloc_array(arena, parsed.count, sizeof *parts.items)};
    size_t rewritten = 0;
    for (size_t i = 0; i < parsed.count; i++) {
        const struct alert *alert = parsed.alerts[i];
        bool exercise = is_rewritten(alert);
        rewritten += exercise;
        parts.items[parts.count++] = written(arena, exercise ? rewrite_alert(arena, alert, &options)
                                                             : as_read(arena, alert));
    }
    return rewritten ? parts : (struct exercise_parts){0};
}
