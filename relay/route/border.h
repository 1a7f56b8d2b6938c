/*
 * border: whether an alert crosses to one side, to which regions, and why. Pure.
 *
 * The first rule that matches decides; a reference that leads there overrides a rule that drops;
 * then the distance. What cannot be placed crosses.
 */
#ifndef CAPRELAY_ROUTE_BORDER_H
#define CAPRELAY_ROUTE_BORDER_H

#include "route/area.h"
#include "route/policy.h"

struct border_question {
    const struct geo *geo; /* may be NULL */
    const struct route_policy *policy;
    const struct alert *alert;
    const struct route_area *area;
    struct slice source;
    enum alert_class class;
    enum side to;
    /* what the references say of this side */
    bool led;
    bool led_wholly;                 /* every reference is known */
    const struct slice *led_regions; /* sorted */
    size_t led_region_count;
};

struct border_answer {
    bool crosses;
    struct slice reason;   /* "border.within", "border.too-far", "rule:NAME", "reference", ... */
    struct slice detail;   /* English; may be absent */
    struct slice *regions; /* sorted, without repeats; "--" where unknown or national */
    size_t region_count;
    struct slice *topics; /* sorted */
    size_t topic_count;
};

void border_judge(const struct border_question *question, struct arena *arena,
                  struct border_answer *out);

/* The topics of a bulletin with those regions, and a copy of the regions, into *out. Regions are
 * sorted. */
void border_topics(struct arena *arena, enum alert_class class, enum side side,
                   const struct slice *regions, size_t region_count, struct border_answer *out);

#endif
