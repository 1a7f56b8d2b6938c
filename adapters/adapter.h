/*
 * adapter: what the relay asks of the code for one outside system, and what it gives.
 *
 * An adapter is a framer (bytes in, documents out; no I/O, no clock; fuzzable) and a thin I/O
 * shell. It knows nothing of alerts' meaning, of the journal or of other adapters. All calls come
 * on the loop's thread. Shutdown is three words: stop (no more deliveries, idempotent), then
 * outstanding receipts may still be settled, then fini (frees).
 */
#ifndef CAPRELAY_ADAPTERS_ADAPTER_H
#define CAPRELAY_ADAPTERS_ADAPTER_H

#include "alert/alert.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/slice.h"
#include "conf/conf.h"
#include "log/log.h"
#include "loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

enum { ADAPTER_API_VERSION = 1 };

struct host;
struct intake_outcome;

enum source_state { SOURCE_CONNECTING = 0, SOURCE_LIVE, SOURCE_DEGRADED, SOURCE_DOWN };
const char *source_state_name(enum source_state state);

struct adapter_document {
    struct slice bytes;    /* one document; lent until the call returns */
    struct slice mark_key; /* cursor to be stored with it; absent for none */
    struct slice mark_value;
    const struct digest *recording; /* replay only */
    struct slice recording_name;
    uint64_t receipt; /* the adapter's own number, comes back with settled() */
};

/* --- what the host offers; `host` is opaque and lives longer than the instance --- */

/* Takes a copy. The verdict comes by settled() after the commit, never before this returns. */
void host_deliver(struct host *host, const struct adapter_document *document);
/* Called on change; logged once per change, shown in beats and `status`. `reason` is English. */
void host_state(struct host *host, enum source_state state, const char *reason_format, ...)
    __attribute__((format(printf, 3, 4)));
void host_log(struct host *host, enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The source cannot go on: it is down with that reason, and is stopped and started again later,
 * after a pause that grows. Not called back before this returns. */
void host_failed(struct host *host, const char *reason_format, ...)
    __attribute__((format(printf, 2, 3)));
struct loop *host_loop(struct host *host);
/* The clock on the wall, by the loop's, so that tests can turn it: for times that go into messages,
 * marks and questions, and nothing else. Somebody may set it at any moment. */
int64_t host_now_us(struct host *host);
/* The clock of loop_monotonic_us(): for every wait, and for how long ago something was. */
int64_t host_monotonic_us(struct host *host);
/* The source's name in the configuration. */
struct slice host_name(struct host *host);
/* The relay's name. */
struct slice host_relay_name(struct host *host);
/* For backoff_init(): differs from relay to relay, source to source and start to start. */
uint64_t host_seed(struct host *host);
/* The country whose messages the source brings; SIDE_NONE: each message tells. */
enum side host_country(struct host *host);
/* The highest class that the source may give. */
enum alert_class host_class(struct host *host);
/* A mark that was stored with an earlier document; false where there is none. Lent until the next
 * call. */
bool host_mark(struct host *host, struct slice key, struct slice *value);
/* What host_mark() will say once all that was delivered so far is stored: for one who adds to a
 * mark. Says nothing of what is stored by now. A mark that is made from it, and goes with the next
 * document, claims no more than is stored with it or before it: documents are stored in the order
 * of their delivery (journal_append()), whatever their verdict, and each one's mark with it. */
bool host_mark_to_come(struct host *host, struct slice key, struct slice *value);
/* A mark that goes with no document: a cursor that moves although nothing came. Stored soon; a
 * crash may lose it, so it lags and never leads, if only what has settled by now lies before it.
 * Texts are copied. */
void host_set_mark(struct host *host, struct slice key, struct slice value);

/* What the far end calls the message that an outcome's alert references: everything of a source of
 * class exercise is known by another name. Lent from it. */
struct cap_reference host_as_sent(struct host *host, const struct cap_reference *reference);
/* Whether the message that the far end calls so has arrived by now, from whichever source (of class
 * exercise: from this one), and was not refused. */
bool host_knows(struct host *host, const struct cap_reference *reference);
/* Whether an alert of that identifier has arrived under a signature that its source's pins accept,
 * for who is told no more than the identifier and may leave the alert unfetched: anybody can write
 * an identifier. What is in flight does not count. */
bool host_has_signed(struct host *host, struct slice identifier);

struct adapter_outcome {
    uint64_t receipt;
    struct slice
        verdict; /* of the last alert in the document; "unreadable" and "refused" win over others */
    struct slice reason;
    struct slice detail;
    /* The last outcome in full, its alert too: for receipts (inject) and for what it references. */
    const struct intake_outcome *intake;
};

struct adapter_ops {
    const char *name;    /* as in the configuration */
    const char *summary; /* one line for people */
    int api_version;
    bool exercise_only;   /* whatever it delivers is an exercise: the configuration cannot say
                             otherwise */
    size_t instance_size; /* allocated zeroed by the host */
    const struct conf_row
        *options; /* ends with an empty row; values land in the instance by offset */
    /* Checks what the rows cannot; may not block or do I/O. An error that begins with the name of a
     * key and ": " is told at that key's line. Required. */
    enum err_code (*init)(void *instance, struct host *host, struct err *err);
    /* Reads the files that only a start reads, where their rows (conf_row.file) do not say enough:
     * for `--check-config`, between init and fini, without a loop. Optional. */
    enum err_code (*check)(void *instance, struct err *err);
    /* Opens connections and watchers. Failure is not fatal to the relay: the source is down with
     * the reason and start is tried again. Required. */
    enum err_code (*start)(void *instance, struct err *err);
    /* Idempotent. Required. For an adapter without `pause` it may come from within host_deliver().
     */
    void (*stop)(void *instance);
    void (*fini)(void *instance);
    /* Back-pressure: the journal's queue is full; deliver nothing until resume. Optional: without
     * it the host queues. */
    void (*pause)(void *instance);
    void (*resume)(void *instance);
    /* The document is durable (or refused): move the cursor, acknowledge. Optional. */
    void (*settled)(void *instance, const struct adapter_outcome *outcome);
};

/* The registry: NULL-terminated. */
extern const struct adapter_ops *const adapter_registry[];
const struct adapter_ops *adapter_find(struct slice name);

#endif
