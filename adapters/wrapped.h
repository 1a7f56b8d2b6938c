/*
 * wrapped: the alerts in an answer that lists them, cut out byte by byte, so that what was signed
 * stays what it was. Pure.
 *
 * IPAWS answers with `<ns1:alerts xmlns:ns1="http://gov.fema.ipaws.services/feed">` around alerts
 * that declare their own namespace. A signature in such an alert is over the alert alone: it is
 * good only where the alert is its own document again. Some lean on what a wrapper declares all the
 * same; they go on inside the wrapper's tags, one by one. An answer that is one alert, or several
 * without a wrapper, is taken as it is.
 *
 * cog/cut.h cuts CAP alerts out of SOAP, at any depth, and writes into them what they lean on: an
 * alert by itself. Here no byte of an alert is another, and whatever else is there is told.
 */
#ifndef CAPRELAY_ADAPTERS_WRAPPED_H
#define CAPRELAY_ADAPTERS_WRAPPED_H

#include "adapters/framer.h"
#include "base/arena.h"
#include "base/err.h"

struct wrapped_alert {
    enum frame_kind
        kind;           /* FRAME_WHOLE, FRAME_BROKEN, FRAME_TOO_LONG (the first limit + 1 bytes) */
    struct slice bytes; /* as they stand in the answer: who asks again knows it by these */
    /* What is to be handed on: the same, or inside the wrapper's tags; where that is not enough,
     * the whole answer, which is then one slice for all alerts that need it. */
    struct slice document;
};

struct wrapped {
    struct wrapped_alert *alerts;
    size_t count;
    struct slice root;  /* the name of the root element, without prefix */
    struct slice noise; /* the first that is neither an alert nor white space nor a comment */
};

/*
 * `limit`: the longest alert in bytes. Everything is copied into the arena. ERR_INVALID: it is not
 * XML, has a DOCTYPE, or is cut off; *out holds the alerts that were whole before that. Whether a
 * wrapper without alerts is a list at all is the caller's to say, by `root` and `noise`.
 */
enum err_code wrapped_read(struct arena *arena, struct slice answer, size_t limit,
                           struct wrapped *out, struct err *err);

#endif
