/*
 * french: what the French info says, in words of french.tsv and of the name tables alone. Only for
 * relay/translate; nothing here translates free text.
 */
#ifndef CAPRELAY_TRANSLATE_FRENCH_H
#define CAPRELAY_TRANSLATE_FRENCH_H

#include "translate/internal.h"

/* What the event of an info is called in French. */
struct french_event {
    struct slice name; /* the info's own event where no table has a name */
    const char *line; /* the sentence that says it: "event", "event_unofficial", "event_original" */
    struct slice by;  /* table and row: "event_names_fr:Tornado Warning"; "" where none */
};
struct french_event french_event_of(struct work *work, size_t info);

/* One value of a template: {name} becomes text. */
struct french_value {
    const char *name;
    struct slice text;
};
/* The template GROUP.KEY of french.tsv with its values, in the arena. */
struct slice french_fill(struct work *work, const char *group, const char *key,
                         const struct french_value *values, size_t count);
#define FRENCH(work, group, key, ...)                                                              \
    french_fill(work, group, key, (const struct french_value[]){__VA_ARGS__},                      \
                sizeof((const struct french_value[]){__VA_ARGS__}) / sizeof(struct french_value))

/* "13 janvier 2026 à 3 h 05 (UTC−04:00)": at the offset that the time is written with, so that no
 * zone has to be guessed. Absent where the time is. */
struct slice french_time(struct work *work, const struct cap_time *time);

/* At most 160 characters, as CAP wants it; how it ended is never what is cut. */
struct slice french_headline(struct work *work, size_t info, const struct french_event *event);
/* The coded values, one line each, then headline and description as they were. */
struct slice french_description(struct work *work, size_t info, const struct french_event *event);
/* What the response types ask for, then the instruction as it was. */
struct slice french_instruction(struct work *work, size_t info);

/* The resources of that derived info, with what the relay says of them in French. */
struct cap_resource *resources_french(struct work *work, size_t info);

#endif
