/*
 * view: what beats and `status` tell of the relay that this room does not know itself. Filled in by
 * relayd from sources, intake, keys.
 */
#ifndef CAPRELAY_PUBLISH_VIEW_H
#define CAPRELAY_PUBLISH_VIEW_H

#include "alert/alert.h"
#include "base/slice.h"

#include <stdint.h>

/* One configured source. Lent until the callback returns. */
struct view_source {
    struct slice name, adapter;
    enum alert_class class; /* the highest it can give */
    const char *state;      /* "connecting", "live", "degraded", "down" */
    struct slice reason;
    int64_t since_us;
    int64_t last_message_us; /* 0: none yet */
    bool has_lag;
    int64_t lag_us; /* from `sent` to arrival, of what was relayed lately */
    bool paused;
    uint64_t received, relayed, duplicate, unreadable, refused, other; /* since the start */
    size_t in_flight;
    const char *signature; /* policy on the alerts' own: "ignore", "flag", "require" */
    struct slice pin;      /* of a signer's key, that ends soon or has ended; absent for none */
    int64_t pin_ends_us;
};
typedef void (*view_source_fn)(void *context, const struct view_source *source);

/* One configured outlet and class. Lent until the callback returns. */
struct view_outlet {
    struct slice name, kind;
    enum alert_class class;
    const char *state; /* as of a source */
    struct slice reason;
    int64_t since_us;
    int64_t last_delivered_us;   /* 0: none since the start */
    uint64_t delivered, skipped; /* since the start */
    uint64_t cursor;             /* done with everything up to that number */
    uint64_t behind;             /* numbers above it */
};
typedef void (*view_outlet_fn)(void *context, const struct view_outlet *outlet);

/* Messages since the start, by class ("" for none), verdict and reason. */
typedef void (*view_count_fn)(void *context, const char *class_name, const char *verdict,
                              struct slice reason, uint64_t count);

/* One key in use. */
struct view_key {
    const char *id;
    const char *purpose;
    int64_t not_after_us; /* 0: without end, or no key list */
};

enum { VIEW_KEYS_MAX = 2 };

/* Constant while the relay runs, but for the callbacks' answers. All lent. */
struct view {
    struct slice relay_name;
    struct slice version;
    struct slice boundary_grade; /* absent: no boundaries */
    int64_t started_us;
    struct view_key keys[VIEW_KEYS_MAX];
    size_t key_count;
    struct slice key_list; /* the signed bytes; absent for none */
    int64_t keys_issued_us;
    void (*sources)(void *context, view_source_fn each, void *each_context);
    void (*outlets)(void *context, view_outlet_fn each, void *each_context); /* NULL: none */
    void (*counts)(void *context, view_count_fn each, void *each_context);
    void *context;
};

#endif
