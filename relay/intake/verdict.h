/*
 * verdict: what the relay decided about one message, in the words of the journal.
 *
 * `unreadable` and `refused` are alarms: the host logs them. The reason beside a verdict is a
 * stable name: a finding's rule, "rule:NAME", "border.too-far", "class.system", "scope.private",
 * "identity", "secondary-key", "expired", "inject.grant.region", ...
 */
#ifndef CAPRELAY_INTAKE_VERDICT_H
#define CAPRELAY_INTAKE_VERDICT_H

#include "base/slice.h"

enum verdict {
    VERDICT_NONE = 0,
    VERDICT_RELAYED,
    VERDICT_CONFLICT,   /* relayed beside another message of the same identity */
    VERDICT_DUPLICATE,  /* a copy of one that was relayed */
    VERDICT_IRRELEVANT, /* does not cross: distance, or a rule of the operator */
    VERDICT_EXPIRED,
    VERDICT_NOT_PUBLISHED, /* not public, System, Draft */
    VERDICT_HEARTBEAT,
    VERDICT_LOOP, /* of a relay's own making */
    VERDICT_REFUSED,
    VERDICT_UNREADABLE,
    VERDICT_COUNT
};

/* Static. */
const char *verdict_name(enum verdict verdict);
struct slice verdict_slice(enum verdict verdict);
/* VERDICT_NONE for what is no verdict. */
enum verdict verdict_from_name(struct slice name);
/* Whether somebody must look at it. */
bool verdict_is_alarm(struct slice verdict);

#endif
