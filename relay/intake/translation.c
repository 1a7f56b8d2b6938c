/* The stage that makes the derived messages. */
#include "intake/passage.h"

enum { REFERENCED_MAX = 16 };

/*
 * What an ending without infos takes its infos from. Read anew from the bytes where it is still in
 * flight: the derived message may lend from it, and the entry in flight goes before this one does.
 */
static size_t referenced_alerts(struct passage *passage, const struct alert **out)
{
    size_t count = 0;
    if (passage->alert->info_count)
        return 0;
    for (size_t i = 0; i < passage->chain.direct_count && count < REFERENCED_MAX; i++) {
        struct known_message message = passage->chain.direct[i];
        message.alert = NULL;
        const struct alert *alert = known_alert(passage->known, passage->arena, &message);
        if (alert)
            out[count++] = alert;
    }
    return count;
}

static enum err_code translate_leg(struct passage *passage, struct leg *leg,
                                   const struct alert *const *referenced, size_t referenced_count,
                                   struct err *err)
{
    struct translate_input input = {
        .alert = passage->alert,
        .class = passage->class,
        .target = target_of_side(leg->side),
        .referenced = referenced,
        .referenced_count = referenced_count,
        .conflict = passage->dedup.kind == DEDUP_CONFLICT ? &passage->content : NULL,
    };
    return translate(&passage->house->translate, &input, passage->arena, &leg->translation, err);
}

bool stage_translate(struct passage *passage)
{
    const struct alert *referenced[REFERENCED_MAX];
    size_t referenced_count = referenced_alerts(passage, referenced);
    struct err err = {0};
    bool any = false;
    for (size_t i = 0; i < passage->leg_count; i++) {
        struct leg *leg = &passage->legs[i];
        if (!leg->crosses)
            continue;
        leg->crosses = translate_leg(passage, leg, referenced, referenced_count, &err) == OK;
        any |= leg->crosses;
        if (!leg->crosses)
            passage_remark(passage, "not-translated", "not for %s: %s", side_name(leg->side),
                           err.text);
    }
    if (any)
        return true;
    return passage_stop(passage, VERDICT_REFUSED,
                        err.code == ERR_LIMIT ? SLICE("translate.limit")
                                              : SLICE("translate.invalid"),
                        "%s", err.text);
}
