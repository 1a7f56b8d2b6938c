/* Event codes, by table: one for the whole message, or none. */
#include "translate/internal.h"

/* What one info gives: its best match, and whether it named its event by a code at all. */
struct found {
    struct event_match match;
    struct slice given; /* the code, or the event's name, that was looked up */
    bool coded;
};

static struct slice find_by_prefix(const struct cap_pairs *pairs, const char *prefix,
                                   const char *suffix)
{
    for (size_t i = 0; i < pairs->count; i++) {
        struct slice name = pairs->items[i].name;
        size_t suffix_len = strlen(suffix);
        if (slice_istarts_with(name, prefix) && name.len >= suffix_len &&
            slice_ieq_cstr(slice_sub(name, name.len - suffix_len, name.len), suffix))
            return pairs->items[i].value;
    }
    return (struct slice){0};
}

static struct slice capcp_code_of(const struct cap_info *info)
{
    return find_by_prefix(&info->event_codes, "profile:CAP-CP:Event:", "");
}

static struct slice same_class(struct slice same)
{
    return table_cell_nocase("same_events", same, "class");
}

/* What ECCC itself calls its warning in SAME goes before our table; never what IPAWS does not take,
 * nor a test. */
static struct slice eccc_same(const struct work *work, const struct cap_info *info)
{
    struct slice same = cap_pairs_find(&info->event_codes, "SAME");
    if (slice_is_empty(same) || !source_is_eccc(work) ||
        !slice_eq_cstr(table_cell("same_events", same, "accepted"), "yes"))
        return (struct slice){0};
    struct slice class = same_class(same);
    bool hazard = slice_eq_cstr(class, "warning") || slice_eq_cstr(class, "watch") ||
                  slice_eq_cstr(class, "statement");
    return hazard ? same : (struct slice){0};
}

static struct found to_same(const struct work *work, const struct cap_info *info)
{
    struct slice capcp = capcp_code_of(info);
    struct found found = {.given = capcp, .coded = !slice_is_empty(capcp)};
    struct slice same = eccc_same(work, info);
    if (!slice_is_empty(same) && !slice_ieq_cstr(capcp, "testMessage")) {
        found.match = (struct event_match){
            .code = same, .fidelity = FIDELITY_EXACT, .reason = SLICE("sent by ECCC itself")};
        found.coded = true;
        return found;
    }
    found.match = table_capcp_to_same(capcp, work->event_class);
    if (!found.coded) {
        found.given = info->event;
        found.match.reason = SLICE("no CAP-CP event code");
    }
    return found;
}

/* "TOW" of /O.NEW.KCLE.TO.W.0063.../; the phenomenon and significance of the first VTEC. */
static struct slice vtec_of(struct work *work, const struct cap_info *info)
{
    struct slice rest = cap_pairs_find(&info->parameters, "VTEC"), part = {0};
    struct slice phenomenon = {0};
    for (size_t i = 0; i < 5; i++) {
        phenomenon = part;
        if (!slice_next_part(&rest, '.', &part))
            return (struct slice){0};
    }
    if (phenomenon.len != 2 || part.len != 1)
        return (struct slice){0};
    return arena_printf(work->arena, "%.*s%.*s", SLICE_ARG(phenomenon), SLICE_ARG(part));
}

static struct slice own_capcp_code(const struct cap_info *info)
{
    struct slice code = capcp_code_of(info);
    return slice_is_empty(table_cell("capcp_events", code, "code")) ? (struct slice){0} : code;
}

/* From the most telling code to the least; a test stays a test whatever else is said. */
static struct found to_capcp(struct work *work, const struct cap_info *info)
{
    struct slice same = cap_pairs_find(&info->event_codes, "SAME");
    struct slice nws = cap_pairs_find(&info->event_codes, "NationalWeatherService");
    struct slice vtec = vtec_of(work, info), own = own_capcp_code(info);
    struct found found = {.coded = !slice_is_empty(same) || !slice_is_empty(nws)};
    if (!slice_is_empty(own) && !slice_eq_cstr(same_class(same), "test"))
        return (struct found){
            {own, FIDELITY_EXACT, SLICE("given by the source itself")}, own, true};
    const struct {
        struct slice given;
        const char *column; /* of nws_events; NULL: SAME */
    } ways[] = {{nws, "nws_code"}, {vtec, "vtec"}, {same, NULL}, {info->event, "nws_event"}};
    size_t first = slice_eq_cstr(same_class(same), "test") ? 2 : 0;
    for (size_t i = first; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (slice_is_empty(ways[i].given))
            continue;
        struct event_match match = ways[i].column
                                       ? table_nws_to_capcp(ways[i].column, ways[i].given)
                                       : table_same_to_capcp(ways[i].given);
        if (!slice_is_empty(found.given) && match.fidelity == FIDELITY_NONE)
            continue;
        found.match = match;
        found.given = ways[i].given;
        if (match.fidelity != FIDELITY_NONE || first == 2)
            return found;
    }
    return found;
}

/* Where no source says it: what is near and likely is a warning, what is possible a watch. */
static struct slice class_by_scales(const struct cap_info *info)
{
    bool likely = info->certainty == CERTAINTY_OBSERVED || info->certainty == CERTAINTY_LIKELY;
    bool near = info->urgency == URGENCY_IMMEDIATE || info->urgency == URGENCY_EXPECTED;
    if (likely && near)
        return SLICE("warning");
    if (likely || info->certainty == CERTAINTY_POSSIBLE)
        return SLICE("watch");
    return SLICE("statement");
}

static const struct cap_info *leading_info(const struct work *work)
{
    for (size_t i = 0; i < work->info_count; i++) {
        if (work->infos[i]->urgency != URGENCY_PAST)
            return work->infos[i];
    }
    return work->info_count > 0 ? work->infos[0] : NULL;
}

static struct slice class_of_canadian(struct work *work)
{
    for (size_t i = 0; i < work->info_count; i++) {
        struct slice type =
            find_by_prefix(&work->infos[i]->parameters, "layer:EC-MSC-SMC:", ":Alert_Type");
        if (!slice_is_empty(type))
            return type;
    }
    return class_by_scales(leading_info(work));
}

static struct slice class_of_american(struct work *work)
{
    const struct cap_info *info = leading_info(work);
    const struct {
        struct slice given;
        const char *column;
    } ways[] = {{cap_pairs_find(&info->event_codes, "NationalWeatherService"), "nws_code"},
                {vtec_of(work, info), "vtec"},
                {info->event, "nws_event"}};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct slice class = table_nws_class(ways[i].column, ways[i].given);
        if (!slice_is_empty(class))
            return class;
    }
    return same_class(cap_pairs_find(&info->event_codes, "SAME"));
}

static const char *target_scheme(const struct work *work)
{
    return work_to_us(work) ? "SAME" : "profile:CAP-CP:Event:0.4";
}

static void note_match(struct work *work, size_t i, const struct found *found)
{
    static const char *const codes[] = {[FIDELITY_NONE] = NOTE_EVENT_NONE,
                                        [FIDELITY_BROADER] = NOTE_EVENT_BROADER,
                                        [FIDELITY_NARROWER] = NOTE_EVENT_NARROWER};
    const char *code = codes[found->match.fidelity];
    struct slice given = text_short(found->given, 80);
    if (found->match.fidelity == FIDELITY_NONE)
        notes_add(work->notes, work->arena, code, path_info(work, i, "eventCode"),
                  "%.*s has no %s code; the event's text tells. (%.*s)", SLICE_ARG(given),
                  target_scheme(work), SLICE_ARG(found->match.reason));
    else if (found->match.fidelity != FIDELITY_EXACT)
        notes_add(work->notes, work->arena, code, path_info(work, i, "eventCode"),
                  "%.*s became %s %.*s, which says %s. (%.*s)", SLICE_ARG(given),
                  target_scheme(work), SLICE_ARG(found->match.code),
                  found->match.fidelity == FIDELITY_BROADER ? "less" : "more",
                  SLICE_ARG(found->match.reason));
}

/* The profiles want one code, the same in every info. Where the infos disagree none is true for the
 * message. */
static struct found message_event(struct work *work)
{
    struct found whole = {0};
    size_t whole_at = 0, unmatched = 0;
    for (size_t i = 0; i < work->info_count; i++) {
        struct found found =
            work_to_us(work) ? to_same(work, work->infos[i]) : to_capcp(work, work->infos[i]);
        bool matched = found.match.fidelity != FIDELITY_NONE;
        unmatched += !matched && found.coded;
        if (i == 0 || (matched && whole.match.fidelity == FIDELITY_NONE)) {
            whole = found;
            whole_at = i;
        }
        bool differs = matched && whole.match.fidelity != FIDELITY_NONE &&
                       !slice_ieq(found.match.code, whole.match.code);
        if (differs || (unmatched && whole.match.fidelity != FIDELITY_NONE)) {
            notes_add(work->notes, work->arena, NOTE_EVENT_DIFFERS, path_info(work, i, "eventCode"),
                      "The infos name different events and the target allows one: no event code.");
            return (struct found){0};
        }
    }
    if (work->info_count > 0)
        note_match(work, whole_at, &whole);
    return whole;
}

static void set_codes(struct work *work, size_t i, const struct event_match *match)
{
    struct cap_info *info = &work->derived->infos[i];
    struct pair_list list = {0};
    if (!slice_is_empty(match->code))
        pair_list_add(work, &list, slice_from_cstr(target_scheme(work)), match->code);
    for (size_t j = 0; j < info->event_codes.count; j++) {
        const struct cap_pair *given = &info->event_codes.items[j];
        struct name_rule rule = table_name_rule(work->input->target, "eventCode", given->name);
        if (rule.keep)
            pair_list_add(work, &list, given->name, given->value);
        else if (!slice_eq(given->value, match->code))
            notes_add(work->notes, work->arena, NOTE_EVENT_CODE_DROPPED,
                      path_item(work, i, "eventCode", j), "%.*s %.*s: %.*s.",
                      SLICE_ARG(text_short(given->name, 80)),
                      SLICE_ARG(text_short(given->value, 80)), SLICE_ARG(rule.reason));
    }
    info->event_codes = list.pairs;
}

enum err_code step_events(struct work *work, struct err *err)
{
    (void)err;
    if (work->info_count == 0)
        return OK;
    work->event_class = work_to_us(work) ? class_of_canadian(work) : class_of_american(work);
    struct found whole = message_event(work);
    work->capcp_event = work_to_us(work) ? whole.given : whole.match.code;
    for (size_t i = 0; i < work->derived->info_count; i++)
        set_codes(work, i, &whole.match);
    return OK;
}
