/*
 * bulletin: what is published, sealed: header, signature, derived message, original bytes
 * (docs/protocol.md).
 *
 * Pure apart from the keys that are handed in; bulletin_seal() runs on the journal's writer thread.
 * All that facts point to is lent and must not change until the call returns.
 */
#ifndef CAPRELAY_SEAL_BULLETIN_H
#define CAPRELAY_SEAL_BULLETIN_H

#include "alert/alert.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "seal/key.h"

/* A remark for the reader: where in the source (may be absent), stable code, English text. */
struct bulletin_note {
    struct slice where;
    struct slice code;
    struct slice text;
};

/* One code that the area was given on the target side. */
struct bulletin_geocode {
    struct slice scheme; /* "SAME", "UGC", "SGC" */
    struct slice code;
};

/* What is known before the journal gives the number. */
struct bulletin_facts {
    struct slice relay; /* the relay's name */
    enum alert_class class;
    enum side side; /* whose subscribers it is for */
    const struct slice
        *regions; /* postal letters, sorted; "--" among them where unknown or national */
    size_t region_count;
    const struct slice *topics; /* sorted, final dot included */
    size_t topic_count;

    const struct alert *original; /* parsed; for the header's `cap` */
    const struct alert *derived;
    struct slice target; /* "us-exchange" */
    struct slice derived_xml;
    struct slice original_bytes;

    struct slice source;            /* the source's name in the configuration */
    struct slice signature_verdict; /* of the original's own signature: origin_verdict_name() */
    struct slice signature_signer;  /* may be absent */
    const struct digest *recording; /* digest of the recording that was replayed; NULL otherwise */
    struct slice recording_name;

    const struct bulletin_note *notes; /* of the translation */
    size_t note_count;
    const struct bulletin_note *remarks; /* of the relay: late, conflict, unknown-reference, ... */
    size_t remark_count;
    struct slice tables_version;
    struct slice relay_version;
    struct slice boundary_grade;
    double bbox[4]; /* west, south, east, north in degrees */
    bool has_bbox;
    const struct bulletin_geocode *geocodes;
    size_t geocode_count;
    int64_t in_force_until_s; /* 0: never in force */
};

/* What the journal decides inside the transaction. */
struct bulletin_number {
    uint64_t seq;                /* from 1, without gaps, per class */
    struct digest chain_prev;    /* all zero before the first */
    const uint64_t *topic_prevs; /* for each of the topics, the number before on it, 0 for none */
    int64_t time_us;
    uint64_t conflict_seq; /* number of the bulletin that this one conflicts with, 0 for none */
    const struct slice *copies; /* names of the sources whose copies came before the commit */
    size_t copy_count;
};

struct bulletin_options {
    bool compress;           /* one zstd frame, level 1 */
    size_t inline_max_bytes; /* a larger original travels by digest */
};

/* Makes the second frame of the feed; `frame` is appended to. */
enum err_code bulletin_seal(const struct bulletin_options *options, const struct key *key,
                            const struct bulletin_facts *facts,
                            const struct bulletin_number *number, struct buf *frame,
                            struct digest *chain, struct err *err);

/* chain = BLAKE2b-256 of chain_prev, seq as u64, class, side, sorted topics, digest(derived),
 * digest(original); each text and digest with its length (u32, big endian) before it. */
struct digest chain_next(const struct digest *chain_prev, uint64_t seq, struct slice class_name,
                         struct slice side_text, const struct slice *topics, size_t topic_count,
                         const struct digest *derived, const struct digest *original);

#endif
