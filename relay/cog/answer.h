/*
 * answer: what IPAWS says. Pure; whatever comes gives an answer, and what is not understood is
 * COG_STRANGE.
 */
#ifndef CAPRELAY_COG_ANSWER_H
#define CAPRELAY_COG_ANSWER_H

#include "base/arena.h"

#include <stdbool.h>

enum { COG_STATUSES_MAX = 200 };

enum cog_kind {
    COG_STRANGE = 0, /* not an answer, or not one that is known */
    COG_FAULT,       /* a SOAP fault: the request was not dealt with */
    COG_RESPONSE,    /* to getRequest */
    COG_MESSAGES,    /* to getMessage */
    COG_POSTED       /* to postCAP: statuses, be they good or bad */
};

/* What one channel says. IPAWS gives several of one channel. All three are present. */
struct cog_status {
    struct slice channel; /* CAPEXCH, IPAWS, NWEM, EAS, CMAS, PUBLIC, ... */
    struct slice code;    /* 500 */
    struct slice text;    /* Ack, message-not-disseminated-as-EAS, ... */
    bool error;
};

struct cog_answer {
    enum cog_kind kind;
    struct slice text;       /* one line: of a fault, or what is strange */
    struct slice identifier; /* COG_POSTED: of the alert; absent where it is not named */
    struct cog_status *statuses;
    size_t status_count;
    size_t alert_count; /* that are in it, whatever it is: cog/cut.h takes them out */
};

/* In the arena, or lent from `bytes`. The alerts in it are not looked into: each may be bad in its
 * own way, and all of them together more than is read as one document. */
void cog_answer_read(struct arena *arena, struct slice bytes, struct cog_answer *out);

/* Whether an alert that was cut out of COG_MESSAGES is none, but says that there are no alerts. */
bool cog_says_none(struct arena *arena, struct slice alert);

#endif
