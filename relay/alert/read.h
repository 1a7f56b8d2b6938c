/*
 * read: one CAP alert element of a tree to the model. Internal to the room.
 */
#ifndef CAPRELAY_ALERT_READ_H
#define CAPRELAY_ALERT_READ_H

#include "alert/alert.h"

#include <libxml/tree.h>

struct reader {
    struct arena *arena;
    struct alert *alert;
    const xmlNode *root; /* the alert element */
    unsigned line_offset;
};

/* CAP_VERSION_UNKNOWN for a namespace that is not CAP's; NULL is accepted. */
enum cap_version cap_version_of_namespace(const char *uri);
const char *cap_namespace(enum cap_version version);

/* Fills r->alert from r->root: elements in any order, faults of form as findings. */
void read_alert(struct reader *r);

/* Adds the findings that make an alert unfit to be relayed, and those for mandatory elements that
 * are missing. */
void find_missing(struct reader *r);

/* Line of an element in the received bytes. */
unsigned reader_line(const struct reader *r, const xmlNode *node);
/* A finding at an element. */
void reader_find(struct reader *r, const char *rule, enum finding_severity severity,
                 const xmlNode *node, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
