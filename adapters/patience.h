/*
 * patience: what an answer without the document says, and for how long a document is asked for that
 * the server refuses. Pure.
 *
 * A server that has no such document says something of the document; what its owner makes of that
 * is his own (a few tries, an option). One that refuses it speaks of the document, or of us: each
 * refused document is tried for a day, in which somebody can put right what we may read, and is
 * then told lost. A server in trouble, or one that cannot be reached, says nothing of any document,
 * and is tried for ever.
 */
#ifndef CAPRELAY_ADAPTERS_PATIENCE_H
#define CAPRELAY_ADAPTERS_PATIENCE_H

#include "http/http.h"

enum patience_answer {
    PATIENCE_TROUBLE = 0, /* no answer, 5xx, 408, 429: the server's */
    PATIENCE_ABSENT,      /* 404, 410, and whatever else blames the document */
    PATIENCE_REFUSED      /* 401, 402, 403, 407, 451, or it leads where we do not follow */
};

/* Of a result that is not the document. */
enum patience_answer patience_read(const struct http_result *result);
/* Whether one that was refused first at that instant is to be given up. */
bool patience_ends(int64_t refused_mono_us, int64_t now_mono_us);
/* What went wrong, for people: "the server answers 403". `server` is who. Returns out. */
char *patience_words(const struct http_result *result, const char *server, char *out, size_t size);

#endif
