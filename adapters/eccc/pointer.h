/*
 * pointer: what Environment Canada's Datamart announces over AMQP: that there is a file. Pure.
 *
 * Two forms: v02, one line of text "TIME BASEURL RELPATH", and v03, JSON with baseUrl and relPath.
 * Alert files are named T_<BBBBNN>_C_<EEEE>_<YYYYMMDDhhmm>_<10 digits>.cap; the last number is that
 * of the CAP identifier urn:oid:2.49.0.1.124.<10 digits>.<year>.
 */
#ifndef CAPRELAY_ADAPTERS_ECCC_POINTER_H
#define CAPRELAY_ADAPTERS_ECCC_POINTER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct pointer {
    struct slice url;        /* of the file */
    struct slice name;       /* the file's own, without folders */
    struct slice identifier; /* of the alert in it; absent where the name does not tell */
};

/* Texts in the arena. ERR_INVALID says what is wrong with it. */
enum err_code pointer_read(struct arena *arena, struct slice body, struct pointer *out,
                           struct err *err);

#endif
