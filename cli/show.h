/*
 * show: one bulletin as a person reads it at three in the morning.
 */
#ifndef CAPRELAY_CLI_SHOW_H
#define CAPRELAY_CLI_SHOW_H

#include "alert/parse.h"
#include "client/caprelay.h"

#include <stdio.h>

struct show {
    FILE *out;
    bool colour;
    const struct parser *parser;
};

/* The whole block. Every line of an exercise says that it is one. */
void show_bulletin(const struct show *show, const struct caprelay_bulletin *bulletin,
                   int64_t now_s);
/* One line of a table. */
void show_row_head(FILE *out);
void show_row(const struct show *show, const struct caprelay_bulletin *bulletin);

#endif
