/*
 * repair: a copy of bytes that libxml2 refused, mended where nothing of the message is lost by it.
 * Internal to the room.
 */
#ifndef CAPRELAY_ALERT_REPAIR_H
#define CAPRELAY_ALERT_REPAIR_H

#include "base/buf.h"

struct repair {
    struct buf bytes;
    const char *encoding; /* to read them in, or NULL: as declared */
    unsigned line_offset; /* lines trimmed off the front */
    bool relabelled; /* declared as UTF-16 or UCS-4, but of single bytes: a gateway converted it */
    size_t trimmed;  /* bytes outside the root element */
    size_t windows_1252; /* bytes */
    size_t dropped;      /* control characters, as bytes or as references */
};

/* Whether anything was mended. To be ended with repair_fini in either case. */
bool repair_init(struct repair *repair, struct slice bytes);
void repair_fini(struct repair *repair);

#endif
