/*
 * generated: what an info says that the relay makes in the target's language, French for Canada and
 * English for the US: in words of french.tsv or english.tsv and of the name tables alone. Only for
 * relay/translate; nothing here translates free text.
 */
#ifndef CAPRELAY_TRANSLATE_GENERATED_H
#define CAPRELAY_TRANSLATE_GENERATED_H

#include "translate/internal.h"

/* What the event of an info is called in the target's language. */
struct generated_event {
    struct slice name; /* the info's own event where no table has a name */
    const char *line; /* the sentence that says it: "event", "event_unofficial", "event_original" */
    struct slice by;  /* table and row: "event_names_fr:Tornado Warning"; "" where none */
};
struct generated_event generated_event_of(struct work *work, size_t info);

/* One value of a template: {name} becomes text. */
struct phrase_value {
    const char *name;
    struct slice text;
};
/* The template GROUP.KEY of the table of `words` with its values, in the arena. */
struct slice phrase_fill(struct work *work, enum words words, const char *group, const char *key,
                         const struct phrase_value *values, size_t count);
#define PHRASE_IN(words, work, group, key, ...)                                                    \
    phrase_fill(work, words, group, key, (const struct phrase_value[]){__VA_ARGS__},               \
                sizeof((const struct phrase_value[]){__VA_ARGS__}) / sizeof(struct phrase_value))
/* In the target's language. */
#define PHRASE(work, ...) PHRASE_IN(work_words(work), work, __VA_ARGS__)

/* "13 janvier 2026 à 3 h 05 (UTC−04:00)", "January 13, 2026 at 03:05 (UTC−04:00)": at the offset
 * that the time is written with, so that no zone has to be guessed. Absent where the time is. */
struct slice phrase_time(struct work *work, const struct cap_time *time);

/* At most 160 characters, as CAP wants it; how it ended is never what is cut. */
struct slice generated_headline(struct work *work, size_t info,
                                const struct generated_event *event);
/* The coded values, one line each, then headline and description as they were. */
struct slice generated_description(struct work *work, size_t info,
                                   const struct generated_event *event);
/* What the response types ask for, then the instruction as it was. */
struct slice generated_instruction(struct work *work, size_t info);

/* The resources of that derived info, with what the relay says of them in the target's language. */
struct cap_resource *resources_generated(struct work *work, size_t info);

#endif
