/*
 * outlets: the engine that delivers bulletins to all configured outlets.
 *
 * For each outlet and class a cursor over the journal: what is committed above it, and is for the
 * outlet's sides and regions, goes out in order, one at a time, and the cursor moves only when the
 * far end has confirmed. It is kept as a mark in the journal (source `outlet:NAME`, key the class,
 * value the number), stored by the writer's thread about once a second and at the end: after a
 * crash the far end may see the bulletins of that second again, and never misses one. A failure is
 * tried again with growing pauses, for as long as it takes. Reading is bounded each turn of the
 * loop. For the loop's thread.
 */
#ifndef CAPRELAY_OUTLETS_OUTLETS_H
#define CAPRELAY_OUTLETS_OUTLETS_H

#include "conf/relay_conf.h"
#include "journal/journal.h"
#include "outlets/outlet.h"

struct outlets;

struct outlets_options {
    struct loop *loop;
    struct journal *journal; /* must outlive the outlets */
    struct slice relay_name; /* lent */
};

/* Checks every outlet of a configuration as a reload does. Starts nothing. */
enum err_code outlets_check(const struct relay_conf *conf, struct err *err);
/* And as `--check-config` does: opens and reads the files that only a start reads. Takes also what
 * relay_conf_inspect() gives out for further checks. Both go on behind what they refuse: `err` has
 * the first, the configuration's document all. */
enum err_code outlets_check_files(const struct relay_conf *conf, conf_pem_fn pem, struct err *err);

/* Holds the configuration; reads the cursors. Nothing is started. */
enum err_code outlets_create(const struct outlets_options *options, const struct relay_conf *conf,
                             struct outlets **out, struct err *err);
void outlets_start(struct outlets *outlets);
/* Nothing is delivered any more; the cursors are handed to the journal. Idempotent. */
void outlets_stop(struct outlets *outlets);
/* Accepts NULL. */
void outlets_destroy(struct outlets *outlets);

/* A new configuration (already checked): outlets that did not change go on, others are stopped,
 * made anew at the same cursor, or started. Fails only where outlets_check() would, and then
 * nothing has changed. */
enum err_code outlets_reload(struct outlets *outlets, const struct relay_conf *conf,
                             struct err *err);

/* The journal has committed something. Cheap when there is nothing to deliver. */
void outlets_advance(struct outlets *outlets);

/* What beats and `status` say of one outlet and class. Texts are lent until the loop goes on. */
struct outlet_status {
    struct slice name, kind;
    enum alert_class class;
    enum source_state state;
    struct slice reason;
    int64_t since_us;
    int64_t last_delivered_us; /* 0: none since the start */
    uint64_t delivered;        /* since the start */
    uint64_t skipped;
    uint64_t cursor; /* everything up to that number is done with */
    uint64_t behind; /* numbers above it, whether they are for this outlet or not */
};
size_t outlets_count(const struct outlets *outlets);
struct outlet_status outlets_status(const struct outlets *outlets, size_t index);

/* The reference page of all kinds' options. */
void outlets_reference(struct buf *out);

#endif
