/*
 * envelope: what a wrapper says about the alerts inside it. Internal to the room.
 *
 * Each wrapper is read once, when the walk through the document comes to it, and hangs at its
 * element (xmlNode._private, memory of the arena). An alert then takes from all wrappers around it:
 * status and scope can only become lower, an area is taken only where the alert has none. A wrapper
 * never ends, cancels or outdates an alert: that is a finding.
 */
#ifndef CAPRELAY_ALERT_ENVELOPE_H
#define CAPRELAY_ALERT_ENVELOPE_H

#include "alert/read.h"

struct envelope {
    enum alert_form form;
    enum cap_status status;       /* the highest of what is inside; STATUS_NONE: not told */
    struct slice confidentiality; /* absent: open to all */
    struct cap_area area;         /* without description where the wrapper has none */
    struct findings findings;     /* of the wrapper itself, passed on to every alert inside */
};

/* Reads a status that bounds; a second one that differs or a value that is none is fatal for all
 * inside. `r` collects the wrapper's findings. */
void envelope_bound(struct reader *r, const xmlNode *node, struct slice value,
                    struct envelope *envelope);

/* Hangs the wrapper at its element. */
void envelope_attach(xmlNode *node, struct envelope *envelope);

/* Gives r->alert, read from r->root, what the wrappers around it say. */
void envelope_apply(struct reader *r);

/* Copies the findings as they are. */
void envelope_pass_on(struct arena *arena, const struct findings *from, struct findings *to,
                      bool at_most_warning);

#endif
