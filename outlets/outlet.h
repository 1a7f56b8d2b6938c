/*
 * outlet: what the relay asks of the code that delivers bulletins to one kind of far end, and what
 * it gives.
 *
 * The engine (outlets.h) reads the journal behind a durable cursor and hands over one bulletin at a
 * time; the next one comes only when the far end has confirmed this one, so that what arrives is in
 * order. A kind knows nothing of cursors, pauses or classes: it delivers what it is given and says
 * what became of it. Delivered at least once: after a crash or a cut connection the same bulletin
 * comes again, with the same `id`. All calls are for the loop's thread.
 */
#ifndef CAPRELAY_OUTLETS_OUTLET_H
#define CAPRELAY_OUTLETS_OUTLET_H

#include "adapters/adapter.h"
#include "alert/alert.h"
#include "base/err.h"
#include "base/slice.h"
#include "conf/conf.h"
#include "log/log.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

/* One configured outlet for one class: with two classes there are two, each with an instance, a
 * cursor and connections of its own, so that neither can hold up the other. */
struct outlet;

/* Lent until outlet_done(), outlet_lost() or `stop`. Slices have a NUL behind them. */
struct outlet_bulletin {
    struct slice id; /* RELAY/CLASS/NUMBER: the far end drops repeats by it */
    struct slice relay;
    enum alert_class class;
    uint64_t number;
    enum side side;
    const struct slice *topics;
    size_t topic_count;
    const struct slice *regions;
    size_t region_count;
    struct slice identifier;                /* of the derived message; printable ASCII */
    struct slice frame;                     /* as on the feed (docs/protocol.md 1.2) */
    struct slice header, derived, original; /* its parts; original empty where it goes by digest */
};

enum outlet_verdict {
    OUTLET_DELIVERED = 0, /* the far end has confirmed it */
    OUTLET_LATER,         /* not now: the far end, the way to it or our credentials */
    OUTLET_REFUSED,       /* this bulletin will never be taken as it is */
    OUTLET_LEFT_OUT       /* nor offered, by the kind's own rules: on to the next, in any case */
};

/* --- what the engine offers --- */

/* The answer to `deliver`; once for each, and not before it returned. `asked_us`: the far end wants
 * no further try for so long; 0 or less: nothing said. The reason is English, one line, without
 * secrets, and the same for the same trouble. Ignored where nothing is being delivered. */
void outlet_done(struct outlet *outlet, enum outlet_verdict verdict, int64_t asked_us,
                 const char *reason_format, ...) __attribute__((format(printf, 4, 5)));
/* Bulletins may come from now on (also in `start`). State and reason are shown until something
 * better is known. */
void outlet_ready(struct outlet *outlet, enum source_state state, const char *reason_format, ...)
    __attribute__((format(printf, 3, 4)));
/* The connection is gone, whether or not something was being delivered: the instance is stopped and
 * started again after a pause. Not called back before this returns. */
void outlet_lost(struct outlet *outlet, const char *reason_format, ...)
    __attribute__((format(printf, 2, 3)));
struct loop *outlet_loop(struct outlet *outlet);
/* The clock on the wall, by the loop's. */
int64_t outlet_now_s(struct outlet *outlet);
/* For logs and identification. */
struct slice outlet_name(const struct outlet *outlet);
enum alert_class outlet_class(const struct outlet *outlet);
/* Bits 1u << enum side; 0: both. */
unsigned outlet_sides(const struct outlet *outlet);

/* For a kind's rows of options: an int64_t, microseconds; what it says is what comes then. */
#define OUTLET_TIMEOUT_ROW(place, said)                                                            \
    {                                                                                              \
        .name = "timeout", .type = CONF_DURATION, place, .fallback = "30s", .min = 0.1,            \
        .max = 600, .help = said                                                                   \
    }

struct outlet_ops {
    const char *kind;               /* as in the configuration */
    const char *summary;            /* one line for people */
    size_t instance_size;           /* allocated zeroed by the engine */
    const struct conf_row *options; /* ends with an empty row; values land in the instance */
    /* Checks what the rows cannot, reads files with secrets. May not connect; `--check-config`
     * calls it without a loop. An error that begins with the name of a key and ": " is told at that
     * key's line. */
    enum err_code (*init)(void *instance, struct outlet *outlet, struct err *err);
    /* Opens what is needed, then or later outlet_ready(). A failure is tried again. */
    enum err_code (*start)(void *instance, struct err *err);
    void (*deliver)(void *instance, const struct outlet_bulletin *bulletin);
    /* Drops what is being delivered, without outlet_done(). Idempotent; also after a failed start.
     */
    void (*stop)(void *instance);
    void (*fini)(void *instance);
    /* What `status` shows behind the reason, such as counts of the kind's own; "" for nothing.
     * Optional. */
    void (*tell)(const void *instance, char *out, size_t size);
};

/* The registry: NULL-terminated. */
extern const struct outlet_ops *const outlet_registry[];
const struct outlet_ops *outlet_find(struct slice kind);

#endif
