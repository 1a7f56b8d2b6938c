/* Event codes, by table: one for the whole message, or none. */
#include "alert/lifecycle.h"
#include "translate/internal.h"

#include <string.h>

/* What one info gives: its best match, and whether it named its event by a code at all. */
struct found {
    struct event_match match;
    struct slice given;   /* the code, or the event's name, that was looked up */
    const char *element;  /* where it stood */
    size_t item;          /* which of several, from 0 */
    struct slice hazard;  /* what every info of the message must agree on */
    const char *class_by; /* what told the class; NULL where none was asked for */
    bool coded;
};

/* The first pair of a name that starts so; NULL where there is none. */
static const struct cap_pair *find_by_prefix(const struct cap_pairs *pairs, const char *prefix)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (slice_istarts_with(pairs->items[i].name, prefix))
            return &pairs->items[i];
    }
    return NULL;
}

/* The first of that name; the count where there is none. */
static size_t item_of(const struct cap_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (slice_ieq_cstr(pairs->items[i].name, name))
            return i;
    }
    return pairs->count;
}

static struct slice value_of(const struct cap_pair *pair)
{
    return pair ? pair->value : (struct slice){0};
}

static void found_at(struct found *found, const struct cap_info *info, const struct cap_pair *pair)
{
    found->given = value_of(pair);
    found->element = "eventCode";
    found->item = pair ? (size_t)(pair - info->event_codes.items) : 0;
}

/* In the spelling of the list; absent where it is in no list. */
static struct slice listed_capcp(struct slice code)
{
    return table_cell_nocase("capcp_events", code, "code");
}

static struct slice same_class(struct slice same)
{
    return table_cell_nocase("same_events", same, "class");
}

/* --- to the US --- */

/* What ECCC itself calls its warning in SAME goes before our table; never what IPAWS does not take,
 * nor a test, nor what activates by itself. */
static const struct cap_pair *eccc_same(const struct work *work, const struct cap_info *info)
{
    size_t item = item_of(&info->event_codes, "SAME");
    const struct cap_pair *same =
        item < info->event_codes.count ? &info->event_codes.items[item] : NULL;
    if (!same || !source_is_eccc(work) ||
        !slice_eq_cstr(table_cell_nocase("same_events", same->value, "accepted"), "yes"))
        return NULL;
    return slice_is_empty(table_class(same_class(same->value))) ? NULL : same;
}

static struct found to_same(const struct work *work, const struct cap_info *info,
                            const struct event_class *class)
{
    struct found found = {.class_by = class->by};
    found_at(&found, info, find_by_prefix(&info->event_codes, "profile:CAP-CP:Event:"));
    found.coded = !slice_is_empty(found.given);
    found.hazard = found.given;
    const struct cap_pair *same = eccc_same(work, info);
    if (same && !slice_ieq_cstr(found.given, "testMessage")) {
        found_at(&found, info, same);
        found.match =
            (struct event_match){.code = table_cell_nocase("same_events", same->value, "code"),
                                 .fidelity = FIDELITY_EXACT,
                                 .reason = SLICE("sent by ECCC itself")};
        found.coded = true;
        return found;
    }
    found.match = table_capcp_to_same(found.given, class->name);
    if (!found.coded) {
        found.given = info->event;
        found.element = "event";
        found.match.reason = SLICE("no CAP-CP event code");
    }
    return found;
}

/* --- to Canada --- */

/* A test stays a test whatever else is said. */
static bool own_capcp(const struct cap_info *info, struct slice same, struct found *out)
{
    const struct cap_pair *own = find_by_prefix(&info->event_codes, "profile:CAP-CP:Event:");
    struct slice listed = listed_capcp(value_of(own));
    if (slice_is_empty(listed) || slice_eq_cstr(same_class(same), "test"))
        return false;
    *out = (struct found){.match = {.code = listed,
                                    .fidelity = FIDELITY_EXACT,
                                    .reason = SLICE("given by the source itself")},
                          .coded = true};
    found_at(out, info, own);
    out->hazard = listed;
    return true;
}

/* From the most telling code to the least. */
static struct found to_capcp(struct work *work, const struct cap_info *info)
{
    struct slice same = cap_pairs_find(&info->event_codes, "SAME");
    struct slice nws = cap_pairs_find(&info->event_codes, "NationalWeatherService");
    struct found found = {.coded = !slice_is_empty(same) || !slice_is_empty(nws)};
    if (own_capcp(info, same, &found))
        return found;
    const struct {
        struct slice given;
        const char *column; /* of nws_events; NULL: SAME */
        const char *element;
        size_t item;
    } ways[] = {
        {nws, "nws_code", "eventCode", item_of(&info->event_codes, "NationalWeatherService")},
        {vtec_key(work, info), "vtec", "parameter", item_of(&info->parameters, "VTEC")},
        {same, NULL, "eventCode", item_of(&info->event_codes, "SAME")},
        {info->event, "nws_event", "event", 0}};
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
        found.element = ways[i].element;
        found.item = ways[i].item;
        found.hazard = match.code;
        if (match.fidelity != FIDELITY_NONE || first == 2)
            return found;
    }
    return found;
}

/* --- one code for the message --- */

static bool is_active(const struct work *work, size_t i)
{
    return !info_is_ending(work->infos[i]);
}

static size_t leading_info(const struct work *work)
{
    size_t i = 0;
    while (i < work->info_count && !is_active(work, i))
        i++;
    return i < work->info_count ? i : 0;
}

/* Those that go on decide; what ends beside them only has to be about the same event, and its own
 * class (a watch that gave way to this warning) is not asked for. */
static struct found find_one(struct work *work, size_t i, size_t leading)
{
    const struct cap_info *info = work->infos[i];
    if (!work_to_us(work))
        return to_capcp(work, info);
    bool follows = !is_active(work, i) && is_active(work, leading);
    struct event_class class = event_class_of(work, work->infos[follows ? leading : i]);
    return to_same(work, info, &class);
}

static bool agrees(const struct found *whole, const struct found *other, bool follows)
{
    if (!other->coded && other->match.fidelity == FIDELITY_NONE)
        return true; /* it names no event */
    if (follows)
        return slice_ieq(whole->hazard, other->hazard);
    return slice_ieq(whole->match.code, other->match.code);
}

/* What the message is about: of the infos that go on the first with a code, else the first that
 * named its event by one, else the leading one. */
static size_t choose(const struct work *work, const struct found *found, size_t leading)
{
    size_t best = leading;
    for (size_t i = 0; i < work->info_count; i++) {
        if (is_active(work, i) != is_active(work, leading))
            continue;
        if (found[i].match.fidelity != FIDELITY_NONE)
            return i;
        if (found[i].coded && !found[best].coded)
            best = i;
    }
    return best;
}

/* "thunderstorm (orages)": the code, and the source's words for it. */
static struct slice named(struct work *work, size_t i, const struct found *found)
{
    struct slice given = text_short(found->given, 80);
    struct slice event = work->infos[i]->event;
    if (slice_is_empty(event) || slice_ieq(event, found->given))
        return given;
    return arena_printf(work->arena, "%.*s (%.*s)", SLICE_ARG(given),
                        SLICE_ARG(text_short(event, 80)));
}

static const char *target_scheme(const struct work *work)
{
    return work_to_us(work) ? "SAME" : "profile:CAP-CP:Event:0.4";
}

/* What the product says of a row that nobody official has confirmed. */
static const char *doubt_of(const struct event_match *match)
{
    if (slice_eq_cstr(match->confidence, "med"))
        return "; unverified, confidence med";
    return slice_eq_cstr(match->confidence, "low") ? "; unverified, confidence low: not used" : "";
}

static void note_match(struct work *work, size_t i, const struct found *found)
{
    const struct event_match *match = &found->match;
    const char *path = path_info(work, i, "eventCode");
    const char *doubt = doubt_of(match);
    struct slice given = named(work, i, found);
    if (match->fidelity == FIDELITY_NONE)
        notes_add(work->notes, work->arena, NOTE_EVENT_NONE, path,
                  "%.*s has no %s code; the event's text tells. (%.*s%s)", SLICE_ARG(given),
                  target_scheme(work), SLICE_ARG(match->reason), doubt);
    else if (match->fidelity != FIDELITY_EXACT)
        notes_add(work->notes, work->arena,
                  match->fidelity == FIDELITY_BROADER ? NOTE_EVENT_BROADER : NOTE_EVENT_NARROWER,
                  path, "%.*s became %s %.*s, which says %s. (%.*s%s)", SLICE_ARG(given),
                  target_scheme(work), SLICE_ARG(match->code),
                  match->fidelity == FIDELITY_BROADER ? "less" : "more", SLICE_ARG(match->reason),
                  doubt);
    else if (*doubt)
        notes_add(work->notes, work->arena, NOTE_EVENT_UNVERIFIED, path,
                  "%.*s became %s %.*s. (%.*s%s)", SLICE_ARG(given), target_scheme(work),
                  SLICE_ARG(match->code), SLICE_ARG(match->reason), doubt);
}

/* The profiles want one code, the same in every info. Where the infos disagree none is true for the
 * message. `found` has one for each info. */
static struct found message_event(struct work *work, const struct found *found)
{
    size_t leading = leading_info(work);
    size_t chosen = choose(work, found, leading);
    for (size_t i = 0; i < work->info_count; i++) {
        bool follows = !is_active(work, i) && is_active(work, leading);
        if (agrees(&found[chosen], &found[i], follows))
            continue;
        notes_add(work->notes, work->arena, NOTE_EVENT_DIFFERS, path_info(work, i, "eventCode"),
                  "The infos name different events and the target allows one: no event code.");
        return (struct found){0};
    }
    note_match(work, chosen, &found[chosen]);
    return found[chosen];
}

/* --- the codes of the derived message --- */

static void trace_code(struct work *work, size_t i, const struct found *found)
{
    static const char *const fidelities[] = {"none", "exact", "broader", "narrower"};
    const struct event_match *match = &found->match;
    bool several = found->element && strcmp(found->element, "event") != 0;
    const char *from =
        several ? path_item(work, i, found->element, found->item) : path_info(work, i, "event");
    if (!match->table) {
        trace_add(work->trace, work->arena, TRACE_MAPPED, from, path_item(work, i, "eventCode", 0),
                  "rule: %.*s", SLICE_ARG(match->reason));
        return;
    }
    const char *by = found->class_by ? found->class_by : "";
    trace_add(work->trace, work->arena, TRACE_MAPPED, from, path_item(work, i, "eventCode", 0),
              "%s:%.*s (%.*s%s%s%s%s, %.*s)", match->table, SLICE_ARG(match->key),
              SLICE_ARG(work->event_class), *by ? " by " : "", by,
              slice_is_empty(work->event_class) ? "" : ", ", fidelities[match->fidelity],
              SLICE_ARG(match->confidence));
}

static void drop_code(struct work *work, size_t i, size_t j, const struct cap_pair *given,
                      const struct name_rule *rule)
{
    const char *path = path_kept(work, i, "eventCode", j);
    notes_add(work->notes, work->arena, NOTE_EVENT_CODE_DROPPED, path, "%.*s %.*s: %.*s.",
              SLICE_ARG(text_short(given->name, 80)), SLICE_ARG(text_short(given->value, 80)),
              SLICE_ARG(rule->reason));
    if (work->trace)
        trace_add(work->trace, work->arena, TRACE_DROPPED, path, "", "value_names:%.*s",
                  SLICE_ARG(rule->key));
}

/* In the derived message's own scheme; another's code of the same letters is another code. */
static bool says_the_same(const struct work *work, const struct cap_pair *given, struct slice code)
{
    bool own_scheme = !work_to_us(work) || slice_ieq_cstr(given->name, target_scheme(work));
    return own_scheme && slice_ieq(given->value, code);
}

static void set_codes(struct work *work, size_t i, const struct found *whole,
                      const struct found *own)
{
    struct cap_info *info = &work->derived->infos[i];
    struct pair_list list = {0};
    struct slice code = whole->match.code;
    if (!slice_is_empty(code)) {
        pair_list_add(work, &list, slice_from_cstr(target_scheme(work)), code);
        if (work->trace)
            trace_code(work, i, own->match.fidelity == FIDELITY_NONE ? whole : own);
    }
    for (size_t j = 0; j < info->event_codes.count; j++) {
        const struct cap_pair *given = &info->event_codes.items[j];
        struct name_rule rule = work_name_rule(work, "eventCode", given->name);
        if (rule.keep)
            pair_list_add(work, &list, given->name, given->value);
        else if (!says_the_same(work, given, code))
            drop_code(work, i, j, given, &rule);
        else if (work->trace)
            trace_add(work->trace, work->arena, TRACE_MAPPED, path_kept(work, i, "eventCode", j),
                      path_item(work, i, "eventCode", 0), "value_names:%.*s", SLICE_ARG(rule.key));
    }
    info->event_codes = list.pairs;
}

enum err_code step_events(struct work *work, struct err *err)
{
    (void)err;
    if (work->info_count == 0)
        return OK;
    size_t leading = leading_info(work);
    struct found *found = arena_alloc_array(work->arena, work->info_count, sizeof(*found));
    for (size_t i = 0; i < work->info_count; i++)
        found[i] = find_one(work, i, leading);
    work->event_class = event_class_of(work, work->infos[leading]).name;
    struct found whole = message_event(work, found);
    work->capcp_event = work_to_us(work) ? whole.given : whole.match.code;
    for (size_t i = 0; i < work->derived->info_count; i++)
        set_codes(work, i, &whole, &found[i]);
    return OK;
}
