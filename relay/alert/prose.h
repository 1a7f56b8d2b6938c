/*
 * prose: the texts of an Atom entry by language. Internal to the room.
 *
 * A text of type xhtml may hold a div for each xml:lang; any other is of the language around it.
 * Paragraphs and breaks become lines.
 */
#ifndef CAPRELAY_ALERT_PROSE_H
#define CAPRELAY_ALERT_PROSE_H

#include "alert/read.h"

enum { PROSE_LANGUAGES_MAX = 8 };

struct prose {
    struct {
        struct slice language; /* as written; absent where there is none */
        struct slice title, content, summary;
    } items[PROSE_LANGUAGES_MAX];
    size_t count; /* at least 1 */
};

/* Texts without a language serve each language that lacks them. */
void prose_read(struct reader *r, struct prose *out);

#endif
