/* Parameters: copied, but for what could set off public broadcast, whose text at most becomes the
 * description; the channels of the target are blocked. */
#include "translate/internal.h"

/* The event's end in the target's own parameter, at the same instant. */
static void add_counterpart(struct work *work, struct pair_list *list, size_t i, size_t j,
                            const struct name_rule *rule, struct slice value)
{
    struct cap_time time = cap_time_parse_lenient(value);
    if (!time.set || !work_to_us(work))
        return;
    int offset_min = time.offset_min == 0 ? offset_of_region(work) : time.offset_min;
    pair_list_add(work, list, rule->counterpart,
                  cap_time_make(work->arena, time.utc_s, offset_min).text);
    if (work->trace)
        trace_add(work->trace, work->arena, TRACE_MAPPED, path_kept(work, i, "parameter", j),
                  path_item(work, i, "parameter", list->pairs.count - 1),
                  "value_names:%.*s (the same instant)", SLICE_ARG(rule->key));
}

/* The source's own parameter of that name goes before, and one is enough. */
static bool has_parameter(const struct cap_pairs *given, struct slice name)
{
    for (size_t i = 0; i < given->count; i++) {
        if (slice_ieq(given->items[i].name, name))
            return true;
    }
    return false;
}

static void drop(struct work *work, size_t i, size_t j, const struct cap_pair *given,
                 const struct name_rule *rule)
{
    const char *path = path_kept(work, i, "parameter", j);
    notes_add(work->notes, work->arena, NOTE_PARAMETER_DROPPED, path, "%.*s = %.*s: %.*s.",
              SLICE_ARG(text_short(given->name, 80)), SLICE_ARG(text_short(given->value, 80)),
              SLICE_ARG(rule->reason));
    trace_add(work->trace, work->arena, TRACE_DROPPED, path, "", "value_names:%.*s",
              SLICE_ARG(rule->key));
}

static void block_channels(struct work *work, struct pair_list *list, size_t i)
{
    static const char *const channels[] = {"EAS", "CMAS", "NWEM"};
    for (size_t j = 0; j < sizeof(channels) / sizeof(channels[0]); j++) {
        pair_list_add(work, list, SLICE("BLOCKCHANNEL"), slice_from_cstr(channels[j]));
        if (work->trace)
            trace_add(work->trace, work->arena, TRACE_ADDED, "",
                      path_item(work, i, "parameter", list->pairs.count - 1),
                      "rule: never broadcast");
    }
}

/* Which parameter has the words that the info's description does not have; `count` for none. */
static size_t describing(struct work *work, const struct cap_info *info)
{
    size_t best = info->parameters.count;
    struct slice best_turn = {0};
    for (size_t j = 0; j < info->parameters.count && slice_is_empty(info->description); j++) {
        const struct cap_pair *given = &info->parameters.items[j];
        struct slice turn = work_name_rule(work, "parameter", given->name).description;
        if (slice_is_empty(turn) || slice_is_empty(slice_trim(given->value)) ||
            (!slice_is_empty(best_turn) && slice_cmp(turn, best_turn) >= 0))
            continue;
        best = j;
        best_turn = turn;
    }
    return best;
}

/* Only the parameter's name could set off a broadcast; without its words nobody could act. */
static void describe(struct work *work, size_t i, size_t j, struct cap_info *info)
{
    const struct cap_pair *given = &info->parameters.items[j];
    struct name_rule rule = work_name_rule(work, "parameter", given->name);
    const char *path = path_kept(work, i, "parameter", j);
    info->description = slice_trim(given->value);
    notes_add(work->notes, work->arena, NOTE_DESCRIPTION_FROM_PARAMETER, path,
              "The text of %.*s is the description, where there was none.",
              SLICE_ARG(text_short(given->name, 80)));
    if (work->trace)
        trace_add(work->trace, work->arena, TRACE_MAPPED, path, path_info(work, i, "description"),
                  "value_names:%.*s", SLICE_ARG(rule.key));
}

static void translate_parameters(struct work *work, size_t i, struct cap_info *info)
{
    struct pair_list list = {0};
    bool counterpart = false;
    size_t words = describing(work, info);
    for (size_t j = 0; j < info->parameters.count; j++) {
        const struct cap_pair *given = &info->parameters.items[j];
        struct name_rule rule = work_name_rule(work, "parameter", given->name);
        if (j == words) {
            describe(work, i, j, info);
            continue;
        }
        if (!rule.keep) {
            drop(work, i, j, given, &rule);
            continue;
        }
        pair_list_add(work, &list, given->name, given->value);
        if (work->trace && slice_ieq_cstr(given->name, "expiredReferences"))
            trace_add(work->trace, work->arena, TRACE_MAPPED, path_kept(work, i, "parameter", j),
                      path_item(work, i, "parameter", list.pairs.count - 1),
                      "rule: by derived identity");
        if (slice_is_empty(rule.counterpart) || counterpart)
            continue;
        counterpart = true;
        if (!has_parameter(&info->parameters, rule.counterpart))
            add_counterpart(work, &list, i, j, &rule, given->value);
    }
    if (work_to_us(work))
        block_channels(work, &list, i);
    info->parameters = list.pairs;
}

enum err_code step_parameters(struct work *work, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < work->derived->info_count; i++)
        translate_parameters(work, i, &work->derived->infos[i]);
    if (work_to_us(work) && work->derived->info_count > 0)
        notes_add(work->notes, work->arena, NOTE_CHANNELS_BLOCKED, "alert/info",
                  "BLOCKCHANNEL is set for EAS, CMAS and NWEM: for exchange, not for broadcast.");
    return OK;
}
