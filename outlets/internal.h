/*
 * internal: what outlets.c (all of them) and outlet.c (one) share. Not for the kinds.
 */
#ifndef CAPRELAY_OUTLETS_INTERNAL_H
#define CAPRELAY_OUTLETS_INTERNAL_H

#include "adapters/backoff.h"
#include "outlets/outlets.h"

enum { OUTLET_NAME_MAX = 64, OUTLET_REASON_BYTES = 240 };

struct outlet {
    struct outlet *next;
    struct outlets *outlets;
    const struct outlet_ops *ops;
    const struct relay_conf *conf;       /* held: the instance lends its texts */
    const struct relay_conf_outlet *own; /* in it */
    enum alert_class class;
    /* the files that the configuration names, as they were before they were read */
    struct digest files;
    void *instance;
    bool initialised;
    bool running; /* between ops->start and ops->stop */
    bool ready;   /* takes bulletins */
    bool broken;  /* the cursor lies above the journal's head; nothing is delivered */

    uint64_t cursor;
    uint64_t marked;           /* as last handed to the journal */
    struct arena *arena;       /* of the bulletin that is being delivered; NULL: none is */
    struct outlet_bulletin at; /* that bulletin */

    struct backoff backoff;
    bool delivery_fails;           /* the last try failed, and nothing was delivered since */
    int64_t failing_since_mono_us; /* 0: all is well */
    struct loop_timer *again;      /* the next step: look, try again, or start again */
    struct loop_timer *mark;       /* when the cursor is stored next */
    bool journal_fails;            /* logged once */

    enum source_state state;
    char reason[OUTLET_REASON_BYTES];
    char shown[2 * OUTLET_REASON_BYTES]; /* with what the kind tells */
    int64_t since_us;
    int64_t last_delivered_us;
    uint64_t delivered, skipped;
};

/* A cursor of an outlet that a reload took down: newer than what the journal may have by now. */
struct kept_cursor {
    struct kept_cursor *next;
    char name[OUTLET_NAME_MAX];
    enum alert_class class;
    uint64_t cursor;
};

struct outlets {
    struct outlets_options options;
    const struct relay_conf *conf;
    struct outlet *first;
    struct kept_cursor *kept;
    bool started;
};

/* Reads options and cursor. Without a loop (a check) it is never started. */
enum err_code outlet_create(struct outlets *outlets, const struct outlet_ops *ops,
                            const struct relay_conf_outlet *own, enum alert_class class,
                            struct outlet **out, struct err *err);
/* Refuses what outlet_create() would, all of it (the document remembers), and with `pem` looks into
 * the files that only a start reads. Without `init` the kind itself is not asked. */
enum err_code outlet_check(struct outlets *outlets, const struct outlet_ops *ops,
                           const struct relay_conf_outlet *own, enum alert_class class, bool init,
                           conf_pem_fn pem, struct err *err);
void outlet_destroy(struct outlet *outlet);
/* A file that its configuration names was written anew, or leads elsewhere. */
bool outlet_files_changed(const struct outlet *outlet);
void outlet_start(struct outlet *outlet);
void outlet_stop(struct outlet *outlet);
/* Begins the next delivery where that is possible now. */
void outlet_advance(struct outlet *outlet);

#endif
