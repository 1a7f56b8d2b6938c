/*
 * trace: what became of each element of the source, and by which table row or rule. Only for
 * relay/translate; callers read it through explain.h.
 *
 * Recorded only where translate_options.trace asks for it; otherwise a call costs one
 * test. What was copied as it is needs no entry: the explanation compares the two messages itself.
 */
#ifndef CAPRELAY_TRANSLATE_TRACE_H
#define CAPRELAY_TRANSLATE_TRACE_H

#include "base/arena.h"
#include "base/slice.h"

#include <stddef.h>

enum trace_kind {
    TRACE_MAPPED,   /* another value, by a table row or a rule */
    TRACE_COMPUTED, /* from boundaries, or from several elements */
    TRACE_ADDED,    /* has no element of the source behind it; `from` is "" */
    TRACE_DROPPED   /* has no counterpart; `to` is "" */
};

struct trace_item {
    enum trace_kind kind;
    struct slice from; /* path in the source: "alert/info[1]/eventCode[2]" */
    struct slice to;   /* path in the derived message, the same form */
    struct slice by;   /* "capcp_to_same:thunderstorm", "rule: never broadcast" */
};

struct cap_info;

struct trace {
    struct trace_item *items;
    size_t count;
    size_t capacity;

    /* What the paths count: the infos that were translated (the source's, or those of what a Cancel
     * without info cancels, as they were there), and where each is in the derived message; NULL:
     * where it was. */
    const struct cap_info *const *infos;
    size_t info_count;
    const size_t *places;
};

/* Copies into the arena; does nothing where trace is NULL. `by` is a format. Until the French infos
 * join, the numbers of infos in `to` are those of work->infos; trace_move_infos() then renumbers
 * what is there: info i becomes places[i], both counted from 0. */
void trace_add(struct trace *trace, struct arena *arena, enum trace_kind kind, const char *from,
               const char *to, const char *by, ...) __attribute__((format(printf, 6, 7)));
void trace_move_infos(struct trace *trace, struct arena *arena, const size_t *places, size_t count);

/* What happened to the shapes and codes of one area happened to those of another, which has the
 * same: paths that begin with `before` and a slash, anew with `path`. */
void trace_repeat(struct trace *trace, struct arena *arena, const char *before, const char *path);

#endif
