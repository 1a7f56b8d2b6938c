/*
 * verify: the reader's side: what came from a relay, opened and checked whole
 * (docs/protocol.md 3.4).
 *
 * Nothing of a message is handed out before every check has passed. Results live in the arena that
 * is given; the frame itself must outlive them where it was not compressed. Pure; safe from several
 * threads with their own arenas. An err text begins with the check that failed ("signature: ...").
 * ERR_NOT_FOUND means that the key is not on the list: fetch the list and try again.
 */
#ifndef CAPRELAY_SEAL_VERIFY_H
#define CAPRELAY_SEAL_VERIFY_H

#include "alert/parse.h"
#include "seal/keylist.h"

struct verifier {
    const struct keylist *keys;
    const struct parser *parser;
};

/* A topic and a number on it: the number before (bulletin) or the last one (beat, answer). */
struct topic_number {
    struct slice topic;
    uint64_t seq;
};

struct head {
    uint64_t seq;
    struct digest chain;
};

/* What every signed header begins with. */
struct signed_header {
    struct slice json; /* the bytes that were signed */
    struct slice key_id;
    enum alert_class class;
    int64_t time_us;
};

struct verified_bulletin {
    struct signed_header header;
    uint64_t seq;
    struct digest chain_prev, chain;
    struct topic_number *topics;
    size_t topic_count;
    enum side side;
    struct slice *regions;
    size_t region_count;
    struct slice source;                   /* the feed's name at the relay */
    struct slice sender, identifier, sent; /* of the original */
    struct digest original_digest, derived_digest;
    uint64_t original_size;
    struct slice derived_identifier;
    struct slice signature_verdict; /* on the original's own XML signature */
    size_t note_count;
    int64_t in_force_until_us; /* 0: never in force */
    struct slice derived_xml;
    struct slice original;       /* absent where it travels by digest: verify_original() */
    const struct alert *derived; /* parsed, without the schema */
};

/* `topic` is the first frame, absent for a bulletin out of an answer. */
enum err_code verify_bulletin(const struct verifier *verifier, struct arena *arena,
                              struct slice topic, struct slice frame, struct verified_bulletin *out,
                              struct err *err);
/* Completes a bulletin whose original travelled by digest: a packet frame with one part. */
enum err_code verify_original(const struct verifier *verifier, struct arena *arena,
                              struct slice frame, struct verified_bulletin *bulletin,
                              struct err *err);

struct verified_beat {
    struct signed_header header;
    uint64_t interval_ms;
    struct slice started; /* when the relay was; another one: it was restarted */
    bool degraded;
    struct slice *reasons;
    size_t reason_count;
    struct head head;
    struct topic_number *topics;
    size_t topic_count;
    uint64_t in_force_count;
    struct digest in_force_digest;
    int64_t keys_issued_us;
};

enum err_code verify_beat(const struct verifier *verifier, struct arena *arena,
                          enum alert_class class, struct slice frame, struct verified_beat *out,
                          struct err *err);

/* What was asked; an answer to anything else is refused. */
struct question {
    struct slice verb;
    enum alert_class class;
    struct slice nonce;
};

struct verified_answer {
    struct signed_header header;
    struct slice error_code; /* absent: none */
    struct slice error_text;
    bool more;
    struct head head;
    struct topic_number *as_of;
    size_t as_of_count;
};

/* frames[0] is the answer's packet; the digests of all that follow are checked. */
enum err_code verify_answer(const struct verifier *verifier, struct arena *arena,
                            const struct question *question, const struct slice *frames,
                            size_t frame_count, struct verified_answer *out, struct err *err);

struct verified_receipt {
    struct signed_header header; /* class CLASS_NONE: the relay could not tell it */
    struct slice authority;
    struct digest digest;
    bool has_digest;
    bool dry_run;
    struct slice outcome, verdict, reason, text;
};

enum err_code verify_receipt(const struct verifier *verifier, struct arena *arena,
                             struct slice frame, struct verified_receipt *out, struct err *err);

/* Header and signature of kind `copies` for that number. */
enum err_code verify_copies(const struct verifier *verifier, struct arena *arena,
                            enum alert_class class, uint64_t seq, struct slice frame,
                            struct signed_header *out, struct err *err);

#endif
