/*
 * entry: a derived CAP message as an Atom entry for a MASAS hub. Pure.
 *
 * People at the hub read its texts in each language, its status, severity, certainty, category and
 * icon as categories of masas:category:*, its place as GeoRSS and its end as `expires`; programs
 * read the CAP message itself, which stands in the entry as it was translated. Categories of the
 * relay's own say which message and which bulletin it is, and which ones stood there before, so
 * that it is found again: hubs keep categories that they do not know.
 */
#ifndef CAPRELAY_OUTLETS_MASAS_ENTRY_H
#define CAPRELAY_OUTLETS_MASAS_ENTRY_H

#include "alert/alert.h"

#define MASAS_MESSAGE_SCHEME "caprelay:message"
#define MASAS_BULLETIN_SCHEME "caprelay:bulletin"
#define MASAS_REPLACED_SCHEME "caprelay:replaced"

struct masas_entry {
    const struct alert *alert;    /* the derived message, */
    struct slice cap;             /* its bytes, */
    bool embed;                   /* and whether they go along */
    struct slice bulletin;        /* RELAY/CLASS/NUMBER */
    const struct slice *replaced; /* identifiers of the messages that the entry was before */
    size_t replaced_count;
    bool has_box; /* of its whole area: west, south, east, north in degrees */
    double box[4];
    int64_t until_s; /* until when it is shown */
};

/* Fills in the box from a bulletin's header, and returns until when it says that the message is in
 * force; 0: it never was. */
int64_t masas_entry_read_header(struct slice header, struct masas_entry *entry);
/* UTF-8 with XML declaration, in the arena. */
struct slice masas_entry_write(struct arena *arena, const struct masas_entry *entry);

#endif
