/* Language tags: only the tag changes, never the text. */
#include "translate/internal.h"

static void trace_tag(struct work *work, const char *path, struct slice given, const char *rule)
{
    bool absent = slice_is_empty(given);
    if (!work->trace)
        return;
    trace_add(work->trace, work->arena, absent ? TRACE_ADDED : TRACE_MAPPED, absent ? "" : path,
              path, "%s%.*s", rule, SLICE_ARG(absent ? SLICE("-") : given));
}

static struct slice tag_for(struct work *work, struct slice given)
{
    struct slice key = slice_is_empty(given) ? SLICE("-") : given;
    struct slice tag = table_cell_nocase("languages", key, work_to_us(work) ? "to_us" : "to_ca");
    return slice_is_empty(tag) ? given : tag;
}

/* A language that no channel of the target side speaks: plain CAP carries it all the same. */
static bool is_foreign(struct work *work, struct slice tag)
{
    return work_to_us(work) ? !slice_ieq_cstr(tag, "en-US") && !slice_ieq_cstr(tag, "es-US")
                            : !slice_ieq_cstr(tag, "en-CA") && !slice_ieq_cstr(tag, "fr-CA");
}

static void relabel(struct work *work, size_t i, struct cap_info *info)
{
    struct slice given = info->language;
    const char *path = path_info(work, i, "language");
    if (!slice_is_empty(given) && !text_is_language(given)) {
        info->language = SLICE("und");
        notes_add(work->notes, work->arena, NOTE_LANGUAGE_RELABELLED, path,
                  "%.*s is no language tag: und (undetermined).", SLICE_ARG(text_short(given, 40)));
        trace_tag(work, path, given, "rule: no language tag, ");
        return;
    }
    info->language = tag_for(work, given);
    if (!slice_eq(info->language, given)) {
        notes_add(
            work->notes, work->arena, NOTE_LANGUAGE_RELABELLED, path, "%.*s is labelled %.*s.",
            SLICE_ARG(slice_is_empty(given) ? SLICE("No tag") : given), SLICE_ARG(info->language));
        trace_tag(work, path, given, "languages:");
    }
    if (is_foreign(work, info->language))
        notes_add(work->notes, work->arena, NOTE_LANGUAGE_KEPT, path,
                  "%.*s is kept; the target profile has no channel for it.",
                  SLICE_ARG(info->language));
}

enum err_code step_languages(struct work *work, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < work->derived->info_count; i++)
        relabel(work, i, &work->derived->infos[i]);
    return OK;
}
