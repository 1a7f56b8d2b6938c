#include "cog/verdict.h"

#include "schemas.h"

#include <string.h>

static const char *const names[] = {
    [COG_NWEM] = "NWEM", [COG_EAS] = "EAS", [COG_CMAS] = "CMAS", [COG_PUBLIC] = "PUBLIC"};

const char *cog_channel_name(enum cog_channel channel)
{
    return names[channel];
}

enum cog_channel cog_channel_find(struct slice name)
{
    enum cog_channel channel = COG_NWEM;
    while (channel < COG_CHANNELS && !slice_ieq_cstr(name, names[channel]))
        channel++;
    return channel;
}

/* --- what is asked for --- */

static unsigned blocked_by(const struct cap_info *info)
{
    unsigned blocked = 0;
    for (size_t i = 0; i < info->parameters.count; i++) {
        const struct cap_pair *pair = &info->parameters.items[i];
        if (slice_ieq_cstr(pair->name, "BLOCKCHANNEL"))
            blocked |= 1u << cog_channel_find(pair->value);
    }
    return blocked;
}

unsigned cog_channels_asked(const struct alert *alert)
{
    const unsigned broadcast = 1u << COG_NWEM | 1u << COG_EAS | 1u << COG_CMAS;
    unsigned asked = 0;
    bool public_blocked = alert->info_count > 0;
    for (size_t i = 0; i < alert->info_count; i++) {
        unsigned blocked = blocked_by(&alert->infos[i]);
        asked |= broadcast & ~blocked;
        public_blocked &= (blocked & 1u << COG_PUBLIC) != 0;
    }
    if (alert->info_count && !public_blocked && !(asked & 1u << COG_EAS))
        asked |= 1u << COG_PUBLIC;
    return asked;
}

/* --- what was answered --- */

/* "" for a code that is not in the table. */
static const char *kind_of(struct slice code)
{
    const struct schema_table *table = schema_table_find("ipaws_status");
    size_t row = schema_row_find(table, code.ptr, code.len);
    return row == table->row_count ? "" : schema_cell(table, row, schema_column(table, "kind"));
}

static bool is_ack(const struct cog_status *status)
{
    return !status->error && slice_ieq_cstr(status->text, "Ack");
}

static struct slice told(struct arena *arena, const struct cog_answer *answer)
{
    struct slice text = SLICE("");
    for (size_t i = 0; i < answer->status_count; i++) {
        const struct cog_status *status = &answer->statuses[i];
        text = arena_printf(arena, "%s%s%s %s %s", text.ptr, i ? "; " : "", status->channel.ptr,
                            status->code.ptr, status->text.ptr);
    }
    return text;
}

struct tally {
    unsigned acked, refused, absent; /* bits of channels; 1u << COG_CHANNELS: others */
    bool exchange_acked, known;
};

/* The worse word counts: what the table calls a refusal is one, whatever its flag. */
static void count(struct tally *tally, const struct cog_status *status)
{
    unsigned bit = 1u << cog_channel_find(status->channel);
    const char *kind = kind_of(status->code);
    if (strcmp(kind, "duplicate") == 0)
        tally->known = true;
    else if (status->error || strcmp(kind, "refusal") == 0)
        tally->refused |= bit;
    else if (strcmp(kind, "absent") == 0)
        tally->absent |= bit;
    else if (is_ack(status) && slice_ieq_cstr(status->channel, "CAPEXCH"))
        tally->exchange_acked = true;
    else if (is_ack(status))
        tally->acked |= bit;
}

static struct slice list(struct arena *arena, unsigned channels)
{
    struct slice text = SLICE("");
    for (unsigned channel = 0; channel < COG_CHANNELS; channel++)
        if (channels & 1u << channel)
            text = arena_printf(arena, "%s%s%s", text.ptr, text.len ? ", " : "", names[channel]);
    return text;
}

static void judge(struct arena *arena, const struct tally *tally, struct slice statuses,
                  unsigned asked, struct cog_verdict *out)
{
    unsigned missing = asked & ~(tally->acked & ~tally->absent & ~tally->refused);
    out->acked = tally->acked & ~tally->absent & ~tally->refused & ~(1u << COG_CHANNELS);
    out->refused = tally->refused & ~(1u << COG_CHANNELS);
    out->held = tally->exchange_acked || tally->known;
    out->outcome = COG_REFUSED;
    if (tally->known)
        out->outcome = COG_KNOWN;
    else if (!tally->refused && tally->exchange_acked && !missing)
        out->outcome = COG_TAKEN;
    if (out->outcome != COG_REFUSED)
        out->text = statuses;
    else if (out->acked)
        out->text = arena_printf(arena, "refused in part, though %s sent it out: %s",
                                 list(arena, out->acked).ptr, statuses.ptr);
    else
        out->text = arena_printf(arena, "refused: %s", statuses.ptr);
}

void cog_judge(struct arena *arena, const struct cog_answer *answer, struct slice identifier,
               unsigned asked, struct cog_verdict *out)
{
    struct tally tally = {0};
    *out = (struct cog_verdict){.outcome = COG_UNCLEAR};
    if (answer->kind == COG_FAULT) {
        out->text = arena_printf(arena, "IPAWS answers with a fault: %s", answer->text.ptr);
        return;
    }
    if (answer->kind != COG_POSTED) {
        out->text = arena_printf(arena, "the answer is not understood: %s",
                                 answer->text.ptr ? answer->text.ptr : "it is to another question");
        return;
    }
    if (answer->identifier.ptr && !slice_eq(answer->identifier, identifier)) {
        out->text =
            arena_printf(arena, "the answer is about another alert: %s", answer->identifier.ptr);
        return;
    }
    for (size_t i = 0; i < answer->status_count; i++)
        count(&tally, &answer->statuses[i]);
    judge(arena, &tally, told(arena, answer), asked, out);
}
