/*
 * explain: an explanation of a translation, for people in a table of 100 columns and for programs
 * as JSON. Only for `caprelay translate`.
 */
#ifndef CAPRELAY_CLI_EXPLAIN_H
#define CAPRELAY_CLI_EXPLAIN_H

#include "translate/explain.h"

#include <jansson.h>
#include <stdio.h>

struct explained {
    const struct alert *source;
    const struct translation *translation;
    const struct explanation *explanation;
    const struct alert
        *checked; /* the derived bytes, read back and held against the target's rules */
    enum target target;
    bool infos_of_other; /* they are those of what the source cancels */
};

/* Source, derived message and how, side by side; then the notes, the checks and the version of the
 * tables. Control characters become spaces. */
void explain_print(FILE *out, const struct explained *explained);
/* {"target", "tables", "unaccounted", "rows": [{"how", "from", "from_value", "to", "to_value",
 * "by"}], "checks": [...]}; the caller's. */
json_t *explain_json(const struct explained *explained);

#endif
