/*
 * Times: the same instants. IPAWS takes an all-zero offset for an error and ECCC always sends one,
 * so for us-exchange it is written with the standard offset of the first region; a table column and
 * no time-zone database, so that output stays pure.
 */
#include "alert/lifecycle.h"
#include "translate/internal.h"

enum { OFFSET_MIN_MAX = 14 * 60 }; /* xs:dateTime */

/* The years that CAP can write, as seconds of local time: 0001-01-01 to the end of 9999. */
#define LOCAL_MIN_S (-62135596800LL)
#define LOCAL_MAX_S 253402300799LL

static bool table_offset(struct slice region, int *offset_min)
{
    struct slice text = table_cell("region_offsets", region, "offset_min");
    bool west = slice_starts_with(text, "-");
    unsigned long long minutes = 0;
    if (!slice_to_u64(west ? slice_sub(text, 1, text.len) : text, &minutes))
        return false;
    *offset_min = west ? -(int)minutes : (int)minutes;
    return true;
}

static bool offset_by_shape(struct work *work, const struct cap_info *info, int *offset_min)
{
    if (!work->options->geo)
        return false;
    struct geo_shape shape = areas_shape(work, info);
    const enum side sides[] = {SIDE_US, SIDE_CA};
    for (size_t i = 0; i < 2 && shape.polygon_count + shape.circle_count > 0; i++) {
        struct geo_units regions =
            geo_regions(work->options->geo, work->arena, &shape, sides[i], 0);
        if (regions.count > 0 && table_offset(regions.items[0].region, offset_min))
            return true;
    }
    return false;
}

/* By the county that was found for the target, or the province that the source names. */
static bool offset_by_geocode(const struct cap_pair *geocode, int *offset_min)
{
    struct slice region = {0};
    if (slice_eq_cstr(geocode->name, "SAME"))
        region = table_cell("us_states", slice_sub(geocode->value, 1, 3), "postal");
    else if (slice_istarts_with(geocode->name, "profile:CAP-CP:Location:"))
        region = table_cell("ca_provinces", slice_sub(geocode->value, 0, 2), "postal");
    else if (slice_istarts_with(geocode->name, "layer:EC-MSC-SMC:"))
        region = table_cell("clc_zones", geocode->value, "province");
    return !slice_is_empty(region) && table_offset(region, offset_min);
}

static bool offset_by_areas(const struct cap_info *info, bool (*takes)(struct slice name),
                            int *offset_min)
{
    for (size_t i = 0; i < info->area_count; i++) {
        const struct cap_pairs *geocodes = &info->areas[i].geocodes;
        for (size_t j = 0; j < geocodes->count; j++) {
            if (takes(geocodes->items[j].name) &&
                offset_by_geocode(&geocodes->items[j], offset_min))
                return true;
        }
    }
    return false;
}

static bool is_target_county(struct slice name)
{
    return slice_eq_cstr(name, "SAME");
}

static bool is_canadian(struct slice name)
{
    return slice_istarts_with(name, "profile:CAP-CP:Location:") ||
           slice_istarts_with(name, "layer:EC-MSC-SMC:");
}

/* A region of the target before one of the source; what is coded before what must be computed. */
static int find_offset(struct work *work)
{
    const struct alert *derived = work->derived;
    int offset_min = 0;
    for (size_t i = 0; i < derived->info_count; i++) {
        if (offset_by_areas(&derived->infos[i], is_target_county, &offset_min))
            return offset_min;
    }
    for (size_t i = 0; i < derived->info_count; i++) {
        if (offset_by_areas(&derived->infos[i], is_canadian, &offset_min))
            return offset_min;
    }
    for (size_t i = 0; i < derived->info_count; i++) {
        if (offset_by_shape(work, &derived->infos[i], &offset_min))
            return offset_min;
    }
    table_offset(SLICE("--"), &offset_min);
    return offset_min;
}

/* "-05:00", as people know it from the message. */
static const char *offset_text(struct arena *arena, int offset_min)
{
    int minutes = offset_min < 0 ? -offset_min : offset_min;
    return arena_printf(arena, "%c%02d:%02d", offset_min < 0 ? '-' : '+', minutes / 60,
                        minutes % 60)
        .ptr;
}

int offset_of_region(struct work *work)
{
    if (!work->region_offset_known) {
        work->region_offset_min = find_offset(work);
        work->region_offset_known = true;
        notes_add(work->notes, work->arena, NOTE_OFFSET_REPLACED, "alert",
                  "Times given with an all-zero offset are written at %s: the same instants.",
                  offset_text(work->arena, work->region_offset_min));
    }
    return work->region_offset_min;
}

static int source_offset(const struct cap_time *time)
{
    bool valid = time->offset_min <= OFFSET_MIN_MAX && time->offset_min >= -OFFSET_MIN_MAX;
    return valid ? time->offset_min : 0;
}

static bool fits_years(const struct cap_time *time, int offset_min)
{
    int64_t local_s = time->utc_s + offset_min * 60;
    return local_s >= LOCAL_MIN_S && local_s <= LOCAL_MAX_S;
}

static bool is_writable(const struct cap_time *time)
{
    return time->set && fits_years(time, source_offset(time));
}

/* At either end of the years the source's own offset is the one that can be written. */
static struct cap_time rewritten(struct work *work, struct cap_time time)
{
    int offset_min = source_offset(&time);
    if (offset_min == 0 && work_to_us(work) && fits_years(&time, offset_of_region(work)))
        offset_min = offset_of_region(work);
    return cap_time_make(work->arena, time.utc_s, offset_min);
}

/* The same instant in CAP's form. */
static void rewrite(struct work *work, struct cap_time *time, const char *path)
{
    struct slice given = time->text;
    *time = rewritten(work, *time);
    if (work->trace && !slice_eq(given, time->text))
        trace_add(work->trace, work->arena, TRACE_MAPPED, path, path,
                  "rule: the same instant, written at %s (region_offsets)",
                  offset_text(work->arena, time->offset_min));
}

static void rewrite_optional(struct work *work, struct cap_time *time, const char *path)
{
    if (is_writable(time)) {
        rewrite(work, time, path);
        return;
    }
    if (!slice_is_empty(time->text)) {
        notes_add(work->notes, work->arena, NOTE_TIME_DROPPED, path,
                  "Not a readable instant: %.*s.", SLICE_ARG(text_short(time->text, 60)));
        trace_add(work->trace, work->arena, TRACE_DROPPED, path, "",
                  "rule: not a readable instant");
    }
    *time = (struct cap_time){0};
}

/* `expires` is when the message lapses, and stays what it was: an event may begin after it, and
 * most of those of NWS and ECCC end after it. */
static void note_order(struct work *work, size_t i)
{
    const struct cap_info *info = &work->derived->infos[i];
    if (!info->expires.set)
        return;
    if (info->onset.set && info->onset.utc_s > info->expires.utc_s)
        notes_add(work->notes, work->arena, NOTE_ONSET_LATE, path_info(work, i, "onset"),
                  "The event begins at %.*s, after the message lapses at %.*s.",
                  SLICE_ARG(info->onset.text), SLICE_ARG(info->expires.text));
    struct cap_time end = info_event_end(work->infos[i]);
    if (end.set && end.utc_s > info->expires.utc_s && fits_years(&end, info->expires.offset_min))
        notes_add(work->notes, work->arena, NOTE_EVENT_OUTLASTS, path_info(work, i, "expires"),
                  "The event lasts to %.*s, longer than the message to %.*s.",
                  SLICE_ARG(cap_time_make(work->arena, end.utc_s, info->expires.offset_min).text),
                  SLICE_ARG(info->expires.text));
}

enum err_code step_times(struct work *work, struct err *err)
{
    if (!is_writable(&work->derived->sent))
        return err_set(err, ERR_INVALID, "sent is not a year that CAP can write");
    rewrite(work, &work->derived->sent, "alert/sent");
    for (size_t i = 0; i < work->derived->reference_count; i++) {
        struct cap_reference *reference = &work->derived->references[i];
        if (is_writable(&reference->sent))
            reference->sent = rewritten(work, reference->sent);
    }
    for (size_t i = 0; i < work->derived->info_count; i++) {
        struct cap_info *info = &work->derived->infos[i];
        rewrite_optional(work, &info->effective, path_info(work, i, "effective"));
        rewrite_optional(work, &info->onset, path_info(work, i, "onset"));
        rewrite_optional(work, &info->expires, path_info(work, i, "expires"));
        note_order(work, i);
    }
    return OK;
}
