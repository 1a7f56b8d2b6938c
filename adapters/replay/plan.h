/*
 * plan: what of a recording is played when, and by how much its times are moved. Pure.
 */
#ifndef CAPRELAY_ADAPTERS_REPLAY_PLAN_H
#define CAPRELAY_ADAPTERS_REPLAY_PLAN_H

#include "alert/alert.h"
#include "base/arena.h"

enum plan_shift { PLAN_SHIFT_RUN = 0, PLAN_SHIFT_CHAIN };

/* One alert of the recording. Texts are in the plan's arena. */
struct plan_item {
    const char *path; /* of its file, relative to the recording's folder */
    unsigned index;   /* in the file, from 0 */
    struct slice sender;
    struct slice identifier;
    int64_t sent_s;
    enum cap_msg_type msg_type;
    bool has_end;
    int64_t end_s; /* its latest end */
    const struct cap_reference *references;
    size_t reference_count;
    double offset_s; /* after the start of the recording; negative: to be told from sent */
    bool played;     /* the caller's */
    bool left_out;   /* counts for the shift, is not played */
    int64_t shift_s; /* set by plan_make() */
};

struct plan {
    struct arena *arena;
    struct plan_item *items;
    size_t count, capacity;
};

void plan_init(struct plan *plan);
void plan_fini(struct plan *plan);
/* Copies what it needs of the alert. */
void plan_add(struct plan *plan, const char *path, unsigned index, const struct alert *alert,
              double offset_s, bool left_out);

/*
 * Orders the items by offset and gives each its shift, for a run that begins at `start_s`.
 * PLAN_SHIFT_RUN: one for all, the first `sent` falls on the start. PLAN_SHIFT_CHAIN: one for each
 * chain (what references lead together), at least as much as brings its first `sent` to the start,
 * and enough for each of its Alerts to end no earlier than ten minutes after it. Shifts are whole
 * minutes, since a VTEC knows no seconds.
 */
enum { PLAN_IN_FORCE_S = 600 };
void plan_make(struct plan *plan, enum plan_shift shift, int64_t start_s);

#endif
