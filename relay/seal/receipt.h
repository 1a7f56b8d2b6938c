/*
 * receipt: the relay's signed word to an authority on what became of its alert
 * (docs/protocol.md 5.2).
 *
 * Made inside the journal's transaction for alerts, and by the injection's door for requests that
 * never became one. Pure apart from the key; all that facts point to is lent until the call
 * returns.
 */
#ifndef CAPRELAY_SEAL_RECEIPT_H
#define CAPRELAY_SEAL_RECEIPT_H

#include "alert/alert.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "seal/key.h"

#include <stdint.h>

struct receipt_bulletin {
    uint64_t seq; /* 0 in a dry run */
    enum side side;
    const struct slice *regions;
    size_t region_count;
    const struct slice *topics;
    size_t topic_count;
    struct slice derived_identifier;
};

struct receipt_facts {
    struct slice relay;
    enum alert_class class;      /* CLASS_NONE: could not be told; then the key is the actual one */
    struct slice authority;      /* absent: could not be read */
    const struct digest *digest; /* of the CAP bytes; NULL: could not be read */
    bool dry_run;
    struct slice verdict;      /* as in the journal */
    struct slice reason;       /* "rule:NAME", "inject.time", ... */
    struct slice text;         /* English; may be absent */
    struct slice details_json; /* {"findings":[..],"notes":[..],"remarks":[..]}; absent for none */
    const struct receipt_bulletin *bulletins; /* of a duplicate: those of the first */
    size_t bulletin_count;
    int64_t time_us;
};

/* "accepted" for relayed and conflict, "duplicate", and "refused" for every other verdict. Static.
 */
const char *receipt_outcome(struct slice verdict);

/* Appends the packet frame. ERR_CRYPTO where the key is not that of the class, ERR_LIMIT where it
 * is too large. */
enum err_code receipt_seal(const struct key *key, const struct receipt_facts *facts,
                           struct buf *frame, struct err *err);

#endif
