/* References by derived identity: without any state, and every relay agrees. In their order, each
 * once. */
#include "base/buf.h"
#include "base/map.h"
#include "translate/internal.h"

enum { TEXT_BYTES_MAX = 64 * 1024 * 1024 };

static struct cap_reference translated(struct work *work, const struct cap_reference *given)
{
    struct identity identity = identity_of_reference(given, work->input->class);
    /* What was relayed as a conflict has another derived identifier; a reference cannot tell, and
     * means the first. */
    return (struct cap_reference){
        .sender = work->derived->sender,
        .identifier =
            identity_derived(work->arena, &identity, target_side(work->input->target), NULL),
        .sent = given->sent};
}

static void add_reference(struct work *work, struct map *seen, size_t i)
{
    struct alert *derived = work->derived;
    const struct cap_reference *given = &work->source->references[i];
    if (!given->sent.set) {
        derived->references[derived->reference_count++] = *given;
        notes_add(work->notes, work->arena, NOTE_REFERENCE_UNREADABLE, "alert/references",
                  "Reference %zu has no readable instant and stays as it was: %.*s.", i + 1,
                  SLICE_ARG(text_short(given->identifier, 120)));
        return;
    }
    struct cap_reference reference = translated(work, given);
    if (map_put(seen, reference.identifier, derived)) {
        notes_add(work->notes, work->arena, NOTE_REFERENCE_REPEATED, "alert/references",
                  "Reference %zu was named before: %.*s.", i + 1,
                  SLICE_ARG(text_short(given->identifier, 120)));
        return;
    }
    derived->references[derived->reference_count++] = reference;
}

enum err_code step_references(struct work *work, struct err *err)
{
    (void)err;
    const struct alert *source = work->source;
    struct map *seen = map_create();
    work->derived->reference_count = 0;
    work->derived->references =
        arena_alloc_array(work->arena, source->reference_count, sizeof(*work->derived->references));
    for (size_t i = 0; i < source->reference_count; i++)
        add_reference(work, seen, i);
    map_destroy(seen, NULL);
    if (source->reference_count > 0)
        trace_add(work->trace, work->arena, TRACE_MAPPED, "alert/references", "alert/references",
                  "rule: by derived identity");
    return OK;
}

/* "sender,identifier,sent" with a readable instant. */
static bool read_triple(struct slice token, struct cap_reference *out)
{
    ptrdiff_t first = slice_find(token, ",");
    size_t last = token.len;
    while (last > 0 && token.ptr[last - 1] != ',')
        last--;
    if (first <= 0 || last < (size_t)first + 3)
        return false;
    *out =
        (struct cap_reference){.sender = slice_sub(token, 0, (size_t)first),
                               .identifier = slice_sub(token, (size_t)first + 1, last - 1),
                               .sent = cap_time_parse_lenient(slice_sub(token, last, token.len))};
    return out->sent.set;
}

static struct slice rewritten_triple(struct work *work, struct slice token, const char *path)
{
    struct cap_reference given;
    if (!read_triple(token, &given)) {
        notes_add(work->notes, work->arena, NOTE_REFERENCE_UNREADABLE, path,
                  "No readable reference, and left as it was: %.*s.",
                  SLICE_ARG(text_short(token, 120)));
        return token;
    }
    struct cap_reference reference = translated(work, &given);
    return arena_printf(
        work->arena, "%.*s,%.*s,%.*s", SLICE_ARG(reference.sender), SLICE_ARG(reference.identifier),
        SLICE_ARG(cap_time_make(work->arena, given.sent.utc_s, given.sent.offset_min).text));
}

struct slice references_rewrite(struct work *work, struct slice text, const char *path)
{
    struct map *seen = map_create();
    struct buf out;
    struct slice rest = text, token;
    buf_init(&out, TEXT_BYTES_MAX);
    while (slice_next_token(&rest, &token)) {
        struct slice triple = rewritten_triple(work, token, path);
        if (map_put(seen, triple, work))
            continue;
        if (out.len > 0)
            buf_put_char(&out, ' ');
        buf_put(&out, triple);
    }
    struct slice made = buf_failed(&out) ? text : arena_copy(work->arena, buf_slice(&out));
    buf_fini(&out);
    map_destroy(seen, NULL);
    return made;
}
