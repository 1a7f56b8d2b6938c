#include "intake/stages.h"

#include "intake/passage.h"

/*
 * The architecture diagram. A document was parsed before (one document may hold several alerts); a
 * stage may look only at what stands above it.
 */
const struct stage stages[] = {
    {"read", stage_read, false},           /* unreadable, fatal findings, crashed twice */
    {"check", stage_check, false},         /* the profile's rules: findings only */
    {"origin", stage_origin, false},       /* class: the lower of status and source; identity */
    {"loop", stage_loop, false},           /* of a relay's own making */
    {"scope", stage_scope, false},         /* Public only */
    {"class", stage_class, false},         /* heartbeats, System, Draft */
    {"signature", stage_signature, false}, /* who signed it, where the source wants to know */
    {"dedup", stage_dedup, false},         /* duplicate, conflict, re-wrapped */
    {"versions", stage_versions, false},   /* of an incident: Update or Cancel of the one before */
    {"grants", stage_grants, false},       /* what an authority may inject */
    {"chain", stage_chain, false},         /* where its references went, what it ends */
    {"sides", stage_sides, false},         /* whose alert, for whom */
    {"border", stage_border, false},       /* the operator's rules, then distance */
    {"expiry", stage_expiry, false},       /* expired or late */
    {"translate", stage_translate, false}, /* the derived messages */
    {"record", stage_record, true},        /* one entry for every message */
};
const size_t stage_count = sizeof(stages) / sizeof(stages[0]);

void stages_run(struct passage *passage)
{
    bool passes = true;
    for (size_t i = 0; i < stage_count; i++)
        if (passes || stages[i].always)
            passes &= stages[i].run(passage);
}
