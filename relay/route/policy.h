/*
 * policy: what the operator decided about crossing. Read from the configuration, constant until a
 * reload.
 */
#ifndef CAPRELAY_ROUTE_POLICY_H
#define CAPRELAY_ROUTE_POLICY_H

#include "alert/alert.h"

/* Every condition that is given must hold; none given: always. */
struct route_rule {
    struct slice name;          /* becomes the reason "rule:NAME" */
    bool relay;                 /* else drop */
    enum cap_status status;     /* *_NONE: any */
    enum side to;               /* SIDE_NONE: either */
    const struct slice *events; /* event codes or event names, without case; none: any */
    size_t event_count;
    enum cap_severity severity_at_least; /* NONE: any; Extreme is the highest */
    enum cap_severity severity_at_most;
    const struct slice *sources; /* source names */
    size_t source_count;
    double within_km; /* of the other country; negative: any */
    double beyond_km; /* farther than; negative: any */
};

struct route_policy {
    bool border_filter;             /* false: distance does not matter */
    double within_km;               /* 50 */
    const struct route_rule *rules; /* the first match decides */
    size_t rule_count;
};

#endif
