/* References by derived identity: without any state, and every relay agrees. */
#include "translate/internal.h"

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

enum err_code step_references(struct work *work, struct err *err)
{
    (void)err;
    const struct alert *source = work->source;
    work->derived->reference_count = source->reference_count;
    work->derived->references =
        arena_alloc_array(work->arena, source->reference_count, sizeof(*work->derived->references));
    for (size_t i = 0; i < source->reference_count; i++) {
        const struct cap_reference *given = &source->references[i];
        if (given->sent.set) {
            work->derived->references[i] = translated(work, given);
            continue;
        }
        work->derived->references[i] = *given;
        notes_add(work->notes, work->arena, NOTE_REFERENCE_UNREADABLE, "alert/references",
                  "Reference %zu has no readable instant and stays as it was: %.*s.", i + 1,
                  SLICE_ARG(text_short(given->identifier, 120)));
    }
    return OK;
}
