/*
 * cut: the alerts in a document around them, byte for byte as they stand there. Pure.
 *
 * A signature covers an alert as its sender wrote it; a tree that is written anew is another text.
 * So the bytes are cut out, and only namespace declarations of the elements around are put into the
 * alert's start tag, where it needs them to stand alone: exclusive canonicalisation does not see
 * the difference. (A list whose wrapper is handed on in place of that: adapters/wrapped.h. Where
 * tags begin and end: alert/markup.h.)
 */
#ifndef CAPRELAY_COG_CUT_H
#define CAPRELAY_COG_CUT_H

#include "alert/markup.h"
#include "base/arena.h"

#include <stdbool.h>

enum { COG_NAMES_MAX = 32 };

/* Goes through a text alert by alert, as far as is wanted at a time: the outermost elements `alert`
 * in a CAP namespace. Meant for text in an encoding based on ASCII, without DOCTYPE; whether it is
 * well-formed is for who reads what was cut out, and the rest. An alert whose tags do not match is
 * cut out all the same and takes nothing of the others: it ends at its own end tag, or before the
 * next alert or its parent's end. Any other text gives less, and harms nothing. The text must live
 * as long. */
struct cog_cutter {
    struct slice text;
    size_t at; /* everything before is done with */
    /* --- for cut.c alone --- */
    struct markup_scope scope;
    struct slice names[COG_NAMES_MAX]; /* of the elements around */
    bool open;
    size_t from, name_end, outer_count, nested; /* of the alert */
};

void cog_cutter_init(struct cog_cutter *cutter, struct slice text);
/* Moves behind the next alert, which is [*from, cutter->at); false where there is none. */
bool cog_cutter_find(struct cog_cutter *cutter, size_t *from);
/* The alert that was found last, by itself; in the arena or lent from the text. An encoding that is
 * not UTF-8 is declared anew. */
struct slice cog_cutter_take(const struct cog_cutter *cutter, struct arena *arena);

#endif
