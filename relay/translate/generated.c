/*
 * French for Canada and English for the US, where the source has none: only from coded values and
 * tables, never by translating text. The original text follows unaltered, and AutoTranslated says
 * what it is.
 */
#include "translate/generated.h"

#define AUTO_TRANSLATED "profile:CAP-CP:0.4:AutoTranslated"

/* Of a language tag. */
enum primary { PRIMARY_THIRD = 0, PRIMARY_ENGLISH, PRIMARY_FRENCH };

/* What differs between the two languages. */
static const struct made_language {
    const char *name, *tag;
    enum primary own, other; /* what is looked for, and whose infos get it first */
    const char *note_generated, *note_left_out, *note_kept;
} made_languages[] = {
    [WORDS_FRENCH] = {"French", "fr-CA", PRIMARY_FRENCH, PRIMARY_ENGLISH, NOTE_FRENCH_GENERATED,
                      NOTE_FRENCH_LEFT_OUT, NOTE_FRENCH_EVENT_KEPT},
    [WORDS_ENGLISH] = {"English", "en-US", PRIMARY_ENGLISH, PRIMARY_FRENCH, NOTE_ENGLISH_GENERATED,
                       NOTE_ENGLISH_LEFT_OUT, NOTE_ENGLISH_EVENT_KEPT},
};

static const struct made_language *made_language(const struct work *work)
{
    return &made_languages[work_words(work)];
}

static struct cap_pairs parameters_of(struct work *work, const struct cap_info *info)
{
    struct pair_list list = {0};
    for (size_t i = 0; i < info->parameters.count; i++) {
        const struct cap_pair *pair = &info->parameters.items[i];
        if (slice_ifind(pair->name, ":AutoTranslated") < 0)
            pair_list_add(work, &list, pair->name, pair->value);
    }
    pair_list_add(work, &list, SLICE(AUTO_TRANSLATED), SLICE("yes"));
    return list.pairs;
}

static struct cap_area *areas_of(struct work *work, size_t i)
{
    const struct cap_info *info = &work->derived->infos[i];
    struct cap_area *areas = arena_alloc_array(work->arena, info->area_count, sizeof(*areas));
    for (size_t j = 0; j < info->area_count; j++) {
        struct slice name = area_desc_generated(work, i, j);
        areas[j] = info->areas[j];
        if (!slice_is_empty(name))
            areas[j].area_desc = name;
    }
    return areas;
}

static void note_event(struct work *work, size_t i, const struct generated_event *event)
{
    if (slice_is_empty(event->by))
        notes_add(work->notes, work->arena, made_language(work)->note_kept,
                  path_info(work, i, "event"),
                  "%.*s has no %s name in the tables; the %s text says so.",
                  SLICE_ARG(text_short(event->name, 80)), made_language(work)->name,
                  made_language(work)->name);
    else if (!work_to_us(work) && strcmp(event->line, "event") != 0)
        notes_add(work->notes, work->arena, NOTE_FRENCH_EVENT_UNOFFICIAL,
                  path_info(work, i, "event"), "%.*s by %.*s: correct French, but not official.",
                  SLICE_ARG(event->name), SLICE_ARG(event->by));
}

/* `at` is its place in the derived message; what is not listed is as in the info it comes from. */
static void trace_generated(struct work *work, size_t i, size_t at,
                            const struct generated_event *event)
{
    static const char *const made[] = {"headline", "description", "instruction"};
    const char *name = made_language(work)->name;
    if (!work->trace)
        return;
    trace_add(work->trace, work->arena, TRACE_COMPUTED, path_info(work, i, NULL),
              path_info(work, at, NULL), "rule: %s from coded values", name);
    trace_add(work->trace, work->arena, TRACE_ADDED, "", path_info(work, at, "language"),
              "rule: %s from coded values", name);
    bool kept = slice_is_empty(event->by);
    trace_add(work->trace, work->arena, TRACE_MAPPED, path_info(work, i, "event"),
              path_info(work, at, "event"), "%s%s%.*s%s", kept ? "rule: no " : "", kept ? name : "",
              SLICE_ARG(event->by), kept ? " name, kept" : "");
    for (size_t j = 0; j < sizeof(made) / sizeof(made[0]); j++)
        trace_add(work->trace, work->arena, TRACE_COMPUTED, path_info(work, i, made[j]),
                  path_info(work, at, made[j]), work_to_us(work) ? "english" : "french");
    trace_add(work->trace, work->arena, TRACE_ADDED, "",
              path_item(work, at, "parameter", work->derived->infos[at].parameters.count - 1),
              "rule: AutoTranslated");
}

static struct cap_info generated_of(struct work *work, size_t i,
                                    const struct generated_event *event)
{
    struct cap_info info = work->derived->infos[i];
    info.language = slice_from_cstr(made_language(work)->tag);
    info.event = event->name;
    info.headline = generated_headline(work, i, event);
    info.description = generated_description(work, i, event);
    info.instruction = generated_instruction(work, i);
    info.audience = (struct slice){0}; /* free text; the info it comes from has it */
    info.parameters = parameters_of(work, &info);
    info.areas = areas_of(work, i);
    info.resources = resources_generated(work, i);
    return info;
}

static bool is_language(struct slice tag, const char *primary)
{
    size_t len = strlen(primary);
    return slice_istarts_with(tag, primary) && (tag.len == len || tag.ptr[len] == '-');
}

/* Of each derived info; read once, because each is held against each. */
static enum primary *primaries_of(struct work *work)
{
    const struct alert *derived = work->derived;
    enum primary *primaries =
        arena_alloc_array(work->arena, derived->info_count, sizeof(*primaries));
    for (size_t i = 0; i < derived->info_count; i++) {
        struct slice tag = derived->infos[i].language;
        primaries[i] = is_language(tag, "en")   ? PRIMARY_ENGLISH
                       : is_language(tag, "fr") ? PRIMARY_FRENCH
                                                : PRIMARY_THIRD;
    }
    return primaries;
}

/* Letter for letter first: languages repeat hundreds of codes, and seldom in another case. */
static bool texts_equal(struct slice a, struct slice b)
{
    return slice_eq(a, b) || slice_ieq(a, b);
}

static bool pairs_equal(const struct cap_pairs *a, const struct cap_pairs *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; i < a->count && equal; i++)
        equal = texts_equal(a->items[i].name, b->items[i].name) &&
                texts_equal(a->items[i].value, b->items[i].value);
    return equal;
}

static bool areas_equal(const struct cap_info *a, const struct cap_info *b)
{
    bool equal = a->area_count == b->area_count;
    for (size_t i = 0; i < a->area_count && equal; i++) {
        const struct cap_area *x = &a->areas[i], *y = &b->areas[i];
        equal = x->polygon_count == y->polygon_count && x->circle_count == y->circle_count &&
                pairs_equal(&x->geocodes, &y->geocodes);
        for (size_t j = 0; j < x->polygon_count && equal; j++)
            equal = slice_eq(x->polygons[j].text, y->polygons[j].text);
        for (size_t j = 0; j < x->circle_count && equal; j++)
            equal = slice_eq(x->circles[j].text, y->circles[j].text);
    }
    return equal;
}

/* The same in another language, in the source: what CAP-CP wants verbatim in every language, but
 * for the times, which say no more about which info it is. */
static bool is_counterpart(const struct cap_info *a, const struct cap_info *b)
{
    bool categories = a->category_count == b->category_count;
    for (size_t i = 0; i < a->category_count && categories; i++)
        categories = a->categories[i] == b->categories[i];
    return categories && a->urgency == b->urgency && a->severity == b->severity &&
           a->certainty == b->certainty && pairs_equal(&a->event_codes, &b->event_codes) &&
           areas_equal(a, b);
}

/* Takes the first of that language that is left: an English info and a French one are a pair. */
static bool take_counterpart(const struct work *work, size_t i, const enum primary *primaries,
                             enum primary primary, bool *taken)
{
    for (size_t j = 0; j < work->info_count; j++) {
        if (primaries[j] != primary || taken[j] || !is_counterpart(work->infos[i], work->infos[j]))
            continue;
        taken[j] = true;
        return true;
    }
    return false;
}

/* One info may be said again in any number of third languages; what is made for the first of them
 * serves the others. */
static bool is_said(const struct work *work, size_t i, const enum primary *primaries,
                    const bool *needed)
{
    for (size_t j = 0; j < work->info_count; j++) {
        bool serves = primaries[j] != PRIMARY_THIRD || (j < i && needed[j]);
        if (serves && is_counterpart(work->infos[i], work->infos[j]))
            return true;
    }
    return false;
}

/* Infos of the other official language first; a third one only where neither says the same. */
static bool *infos_without(struct work *work, const struct made_language *made)
{
    const enum primary *primaries = primaries_of(work);
    bool *taken = arena_alloc_array(work->arena, work->info_count, sizeof(bool));
    bool *needed = arena_alloc_array(work->arena, work->info_count, sizeof(bool));
    for (size_t i = 0; i < work->info_count; i++) {
        if (primaries[i] == made->other)
            needed[i] = !take_counterpart(work, i, primaries, made->own, taken);
    }
    for (size_t i = 0; i < work->info_count; i++) {
        if (primaries[i] == PRIMARY_THIRD)
            needed[i] = !is_said(work, i, primaries, needed);
    }
    return needed;
}

static void add_generated(struct work *work, const bool *needed, size_t needed_count)
{
    struct alert *derived = work->derived;
    size_t count = 0;
    struct cap_info *infos =
        arena_alloc_array(work->arena, derived->info_count + needed_count, sizeof(*infos));
    struct generated_event *events =
        arena_alloc_array(work->arena, derived->info_count, sizeof(*events));
    size_t *places = arena_alloc_array(work->arena, derived->info_count, sizeof(*places));
    for (size_t i = 0; i < derived->info_count; i++) {
        places[i] = count;
        infos[count++] = derived->infos[i];
        if (!needed[i])
            continue;
        events[i] = generated_event_of(work, i);
        note_event(work, i, &events[i]);
        infos[count++] = generated_of(work, i, &events[i]);
    }
    size_t before = derived->info_count;
    derived->infos = infos;
    derived->info_count = count;
    trace_move_infos(work->trace, work->arena, places, before);
    for (size_t i = 0; i < before; i++) {
        if (needed[i])
            trace_generated(work, i, places[i] + 1, &events[i]);
    }
}

/* One info in the target's language behind each that has no counterpart in it. */
enum err_code step_generate(struct work *work, struct err *err)
{
    (void)err;
    const struct made_language *made = made_language(work);
    size_t needed_count = 0;
    const bool *needed = infos_without(work, made);
    for (size_t i = 0; i < work->derived->info_count; i++)
        needed_count += needed[i];
    if (needed_count == 0)
        return OK;
    if (work->without_generated) {
        notes_add(work->notes, work->arena, made->note_left_out, "alert",
                  "With %s the message would be too large.", made->name);
        return OK;
    }
    add_generated(work, needed, needed_count);
    notes_add(work->notes, work->arena, made->note_generated, "alert",
              "%s infos from coded values, marked AutoTranslated.", made->name);
    return OK;
}
