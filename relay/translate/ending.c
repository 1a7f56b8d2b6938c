/*
 * Endings: what the source ends is ended in the target's own way.
 *
 * IPAWS ends by Cancel, and ECCC by an Update whose infos say AllClear or "ended": for the US that
 * is a Cancel. Urgency Past without either is none: an earthquake is past when it is reported.
 * Canada ends by such an Update itself, so there it stays; but what ends by VTEC alone, which
 * nobody in Canada reads, is a Cancel too. A Cancel names what it cancels: without a reference an
 * ending stays what it was. What ends one thing and goes on about another always stays.
 */
#include "alert/lifecycle.h"
#include "alert/vtec.h"
#include "translate/internal.h"

static size_t count_of(const struct work *work, enum ending ending)
{
    size_t count = 0;
    for (size_t i = 0; i < work->info_count; i++)
        count += info_ending(work->infos[i]) == ending;
    return count;
}

static bool names_what_it_ends(const struct alert *source)
{
    for (size_t i = 0; i < source->reference_count; i++) {
        if (source->references[i].sent.set)
            return true;
    }
    return false;
}

/* "Tornado Warning (KCAR TO.W.0012)" of a VTEC, by the table of products where it is there. */
static struct slice event_of(struct work *work, const struct vtec *vtec)
{
    struct slice key = arena_printf(work->arena, "%.*s%.*s", SLICE_ARG(vtec->phenomenon),
                                    SLICE_ARG(vtec->significance));
    struct slice name = table_nws_name("vtec", key);
    return arena_printf(work->arena, "%.*s%s%.*s %.*s.%.*s.%.*s%s", SLICE_ARG(name),
                        slice_is_empty(name) ? "" : " (", SLICE_ARG(vtec->office),
                        SLICE_ARG(vtec->phenomenon), SLICE_ARG(vtec->significance),
                        SLICE_ARG(vtec->event_number), slice_is_empty(name) ? "" : ")");
}

/* The event that takes the place of others: one that the message says goes on. */
static bool successor_of(const struct work *work, struct vtec *out)
{
    for (size_t i = 0; i < work->info_count; i++) {
        struct vtec_walk walk = {0};
        while (vtec_next(work->infos[i], &walk, out)) {
            if (vtec_effect(out) == VTEC_GOES_ON)
                return true;
        }
    }
    return false;
}

static void note_upgrades(struct work *work, size_t i)
{
    struct vtec vtec, successor;
    for (struct vtec_walk walk = {0}; vtec_next(work->infos[i], &walk, &vtec);) {
        if (vtec_effect(&vtec) != VTEC_REPLACED)
            continue;
        struct slice other = successor_of(work, &successor)
                                 ? event_of(work, &successor)
                                 : SLICE("the message does not say which");
        notes_add(work->notes, work->arena, NOTE_EVENT_UPGRADED,
                  path_item(work, i, "parameter", walk.parameter - 1),
                  "%.*s was upgraded; the danger has not passed: another event takes its place "
                  "(%.*s).",
                  SLICE_ARG(event_of(work, &vtec)), SLICE_ARG(other));
    }
}

static void note_partly(struct work *work)
{
    size_t ended = work->info_count - count_of(work, ENDING_NONE);
    if (ended > 0 && ended < work->info_count)
        notes_add(work->notes, work->arena, NOTE_ENDING_PARTLY, "alert/msgType",
                  "%zu of %zu infos end what they are about, the others go on: it stays an %s.",
                  ended, work->info_count, cap_msg_type_name(work->source->msg_type));
}

/* Why an ending is no Cancel for this target; NULL where it is one. */
static const char *why_no_cancel(const struct work *work)
{
    if (count_of(work, ENDING_PAST) > 0)
        return ": urgency Past alone may report what has happened, and calls nothing off";
    if (!work_to_us(work) && count_of(work, ENDING_VTEC) == 0)
        return ", as the target itself sends endings";
    return names_what_it_ends(work->source) ? NULL
                                            : ": it references nothing that could be cancelled";
}

static enum cap_msg_type ended(struct work *work)
{
    const struct alert *source = work->source;
    const char *was = cap_msg_type_name(source->msg_type);
    bool told_by_vtec = count_of(work, ENDING_VTEC) > 0;
    const char *why_not = why_no_cancel(work);
    if (!why_not) {
        notes_add(work->notes, work->arena, NOTE_ENDING_UPDATE, "alert/msgType",
                  "An %s that ends the event%s became a Cancel, by which the target ends it.", was,
                  told_by_vtec ? " by its VTEC" : ", as its source sends endings,");
        trace_add(work->trace, work->arena, TRACE_MAPPED, "alert/msgType", "alert/msgType",
                  "rule: an ending is a Cancel for this target");
        return MSG_TYPE_CANCEL;
    }
    notes_add(work->notes, work->arena, NOTE_ENDING_UPDATE, "alert/msgType",
              "An %s that ends the event stays an %s%s.", was, was, why_not);
    return source->msg_type;
}

enum cap_msg_type ending_msg_type(struct work *work)
{
    const struct alert *source = work->source;
    bool own_infos = source->info_count > 0;
    for (size_t i = 0; own_infos && i < work->info_count; i++)
        note_upgrades(work, i);
    if (source->msg_type != MSG_TYPE_UPDATE && source->msg_type != MSG_TYPE_ALERT)
        return source->msg_type;
    note_partly(work);
    return alert_is_ending(source) ? ended(work) : source->msg_type;
}

/* Past says that nothing has to be done any more, which an upgrade does not. */
static bool is_replaced(const struct cap_info *info)
{
    struct vtec vtec;
    for (struct vtec_walk walk = {0}; vtec_next(info, &walk, &vtec);) {
        if (vtec_effect(&vtec) == VTEC_REPLACED)
            return true;
    }
    return false;
}

/* Weaker than it was, or it stays. */
void ending_mark_info(struct work *work, size_t i)
{
    struct cap_info *info = &work->derived->infos[i];
    if (info_ending(work->infos[i]) != ENDING_VTEC || info->urgency >= URGENCY_PAST ||
        is_replaced(work->infos[i]))
        return;
    notes_add(work->notes, work->arena, NOTE_ENDING_VTEC, path_info(work, i, "urgency"),
              "Its VTEC says that it has ended: urgency %s became Past.",
              cap_urgency_name(info->urgency));
    if (work->trace)
        trace_add(work->trace, work->arena, TRACE_MAPPED, path_info(work, i, "urgency"),
                  path_info(work, i, "urgency"), "rule: every VTEC has ended (vtec_actions)");
    info->urgency = URGENCY_PAST;
}
