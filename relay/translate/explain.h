/*
 * explain: what became of every element of an alert, and where every element of its translation
 * comes from.
 *
 * The trace says what each step did and by which table row or rule; what it calls copied is
 * compared here, value by value, and so is what it does not mention. A note accounts for what it
 * tells of (note_codes.tsv). What nobody accounts for is a row of its own: unaccounted. Pure.
 */
#ifndef CAPRELAY_TRANSLATE_EXPLAIN_H
#define CAPRELAY_TRANSLATE_EXPLAIN_H

#include "translate/trace.h"
#include "translate/translate.h"

enum explain_how {
    EXPLAIN_COPIED = 0, /* the same value at the corresponding place */
    EXPLAIN_MAPPED,     /* another value, by a table row or a rule */
    EXPLAIN_COMPUTED,   /* from boundaries, or from several elements */
    EXPLAIN_ADDED,      /* nothing of the source behind it; `from` is "" */
    EXPLAIN_DROPPED,    /* has no counterpart; `to` is "" */
    EXPLAIN_UNACCOUNTED /* a defect of the program: nobody says why */
};
const char *explain_how_name(enum explain_how how); /* "copied", ...; static */

/* Paths count from 1: "alert/info[1]/eventCode[2]"; values of pairs are "NAME = VALUE". */
struct explain_row {
    enum explain_how how;
    struct slice group; /* the alert, info, area or resource of the derived message; of the source
                           where all of it is left out */
    struct slice from, from_value;
    struct slice to, to_value;
    struct slice
        by;       /* "capcp_to_same:thunderstorm (...)", "rule: ...", "note: CODE"; "" if copied */
    size_t place; /* rows are sorted by it: the order of the derived message */
};

struct explanation {
    struct explain_row *rows;
    size_t count;
    size_t capacity;
    size_t unaccounted;
};

/* `trace` as translate() left it together with `translation`, both of that source. Rows lie in the
 * arena or lend from what is given. False, and no rows, where either message has more than 100,000
 * elements. */
bool explain(const struct alert *source, const struct translation *translation,
             const struct trace *trace, struct arena *arena, struct explanation *out);

/* The text that a note code has in note_codes.tsv; "" for a code that is not there. Lent for ever.
 */
struct slice explain_note_meaning(const char *code);

#endif
