/*
 * cut: the alerts in a document around them, byte for byte as they stand there. Pure.
 *
 * A signature covers an alert as its sender wrote it; a tree that is written anew is another text.
 * So the bytes are cut out, and only namespace declarations of the elements around are put into the
 * alert's start tag, where it needs them to stand alone: exclusive canonicalisation does not see
 * the difference.
 */
#ifndef CAPRELAY_COG_CUT_H
#define CAPRELAY_COG_CUT_H

#include "base/arena.h"

/* Outermost elements `alert` in a CAP namespace, in order, at most `max`; each in the arena or lent
 * from `text`. Meant for text that an XML reader has found well-formed, without DOCTYPE and in an
 * encoding based on ASCII; any other gives less, and harms nothing. An encoding that is not UTF-8
 * is declared anew. */
size_t cog_cut(struct arena *arena, struct slice text, struct slice *out, size_t max);

#endif
