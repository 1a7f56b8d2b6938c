/*
 * rules: the operator's rules, in order; the first match decides. Pure.
 */
#ifndef CAPRELAY_ROUTE_RULES_H
#define CAPRELAY_ROUTE_RULES_H

#include "alert/alert.h"
#include "route/policy.h"

/* The alert for one side, and how far it is from that country. */
struct rule_subject {
    const struct alert *alert;
    struct slice source;
    enum side to;
    bool has_distance; /* false: no usable area, and a rule about distance does not match */
    double distance_km;
};

/* NULL where none matches. */
const struct route_rule *rules_match(const struct route_policy *policy,
                                     const struct rule_subject *subject);
/* The farthest distance that any rule asks about; negative where none asks. */
double rules_farthest_km(const struct route_policy *policy);

#endif
