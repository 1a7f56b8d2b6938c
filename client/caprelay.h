/*
 * libcaprelay: follow a caprelay relay, ask it, and inject into it.
 *
 * Everything that is handed out was verified (docs/protocol.md): signatures by keys that the card's
 * root vouches for, digests, numbers without gaps, and one class everywhere. Gaps are filled by
 * itself, repeats are dropped, a dead link is told.
 *
 * Threads: a handle belongs to one thread at a time; several handles may live in one process.
 * Ownership: what an out parameter of a `const` type gives is lent until the next call with the
 * same handle. Texts are UTF-8 and NUL-terminated. Times are microseconds since 1970 UTC, 0 for
 * none. Calls return CAPRELAY_OK or a code, with the reason in `error` (NULL is accepted).
 */
#ifndef CAPRELAY_H
#define CAPRELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CAPRELAY_API __attribute__((visibility("default")))
#else
#define CAPRELAY_API
#endif

enum caprelay_code {
    CAPRELAY_OK = 0,
    CAPRELAY_TIMEOUT,   /* nothing came within the time given */
    CAPRELAY_INVALID,   /* what was given breaks a rule that the text names */
    CAPRELAY_NOT_FOUND, /* the relay has no such thing */
    CAPRELAY_IO,        /* a file or socket; the text has the system's reason */
    CAPRELAY_REFUSED,   /* what came does not verify, or the relay answered with an error */
    CAPRELAY_STATE      /* not possible now: the relay's numbers went back; open a new handle */
};

struct caprelay_error {
    enum caprelay_code code;
    char text[512];
};

struct caprelay;

enum caprelay_start {
    CAPRELAY_START_NOW = 0,  /* what is published from now on */
    CAPRELAY_START_IN_FORCE, /* first what is in force, in order */
    CAPRELAY_START_AFTER     /* everything on the topics with a number above `after` */
};

struct caprelay_options {
    size_t size;                /* sizeof(struct caprelay_options): later versions may have more */
    const char *card_path;      /* the relay's contact card */
    const char *class_name;     /* "actual" or "exercise"; NULL: actual */
    const char *side;           /* "ca" or "us"; NULL: both, and then the whole chain is checked */
    const char *const *regions; /* postal letters; none: the whole side. Needs `side` */
    size_t region_count;
    enum caprelay_start start;
    uint64_t after;
    const char *curve_key_path; /* NULL: a key pair for the occasion */
    int answer_timeout_ms;      /* for one query; 0: 5,000 */
};

/* Reads card and key and checks the options. Connects when first needed; does not block. */
CAPRELAY_API enum caprelay_code caprelay_open(const struct caprelay_options *options,
                                              struct caprelay **out, struct caprelay_error *error);
/* Accepts NULL. */
CAPRELAY_API void caprelay_close(struct caprelay *relay);

/* One bulletin, verified. */
struct caprelay_bulletin {
    uint64_t seq;
    const char *class_name;
    const char *side;
    const char *const *regions;
    size_t region_count;
    const char *source;                     /* the feed's name at the relay */
    const char *sender, *identifier, *sent; /* of the original, as written */
    const char *derived_identifier;
    const char *signature_verdict; /* of the relay on the original's own XML signature */
    const char *key_id;            /* that signed */
    size_t note_count;             /* of the translation; texts in the header */
    int64_t time_us;               /* committed */
    int64_t in_force_until_us;
    const char *header_json; /* all the rest, as it was signed */
    size_t header_json_len;
    const char *derived; /* CAP 1.2; NUL-terminated, not counted */
    size_t derived_len;
    const char *original; /* as the relay received it; NULL where it could not be fetched */
    size_t original_len;
    bool caught_up; /* came by a query, not live */
};

struct caprelay_beat {
    int64_t time_us;
    uint64_t head_seq;
    uint64_t in_force_count; /* of the class, both sides */
    uint64_t interval_ms;
    bool degraded;
    const char *header_json;
    size_t header_json_len;
};

enum caprelay_event_type {
    CAPRELAY_BULLETIN = 1,
    CAPRELAY_BEAT,
    CAPRELAY_GAP,       /* from_seq..to_seq may be missing; being asked for */
    CAPRELAY_FILLED,    /* nothing is missing any more, up to to_seq */
    CAPRELAY_LINK_LOST, /* no beat for three intervals: silence no longer means quiet */
    CAPRELAY_LINK_BACK,
    CAPRELAY_REFUSED_MESSAGE, /* something did not verify; `reason` says what */
    CAPRELAY_DEGRADED,        /* the relay says that alerts may be missing or late; `reason` */
    CAPRELAY_HEALTHY          /* and that this is over */
};

struct caprelay_event {
    enum caprelay_event_type type;
    const char *reason;                       /* English; "" where there is nothing to say */
    uint64_t from_seq, to_seq;                /* GAP and FILLED */
    const struct caprelay_bulletin *bulletin; /* BULLETIN; else NULL */
    const struct caprelay_beat *beat;         /* BEAT; else NULL */
};

/* Static: "bulletin", "beat", "gap", ... */
CAPRELAY_API const char *caprelay_event_name(enum caprelay_event_type type);

/* Waits for the next event, at most `timeout_ms` (negative: for ever). The first call connects. May
 * be called from no callback of its own: there are none. */
CAPRELAY_API enum caprelay_code caprelay_next(struct caprelay *relay, int timeout_ms,
                                              const struct caprelay_event **event,
                                              struct caprelay_error *error);
/* Everything on the topics up to this number was handed out: what to store and give as `after`. */
CAPRELAY_API uint64_t caprelay_position(const struct caprelay *relay);

/* --- queries: each blocks until the answer or answer_timeout_ms --- */

/* The signed header's JSON; what was asked for is under "result". */
CAPRELAY_API enum caprelay_code caprelay_status(struct caprelay *relay, const char **json,
                                                struct caprelay_error *error);
CAPRELAY_API enum caprelay_code caprelay_why(struct caprelay *relay, const char *text, unsigned max,
                                             const char **json, struct caprelay_error *error);
/* The signed copies record's JSON. */
CAPRELAY_API enum caprelay_code caprelay_copies(struct caprelay *relay, uint64_t seq,
                                                const char **json, struct caprelay_error *error);
CAPRELAY_API enum caprelay_code caprelay_get(struct caprelay *relay, uint64_t seq,
                                             const struct caprelay_bulletin **bulletin,
                                             struct caprelay_error *error);
/* The original or derived bytes with that digest (64 hex digits). */
CAPRELAY_API enum caprelay_code caprelay_get_bytes(struct caprelay *relay, const char *digest_hex,
                                                   const char **bytes, size_t *len,
                                                   struct caprelay_error *error);
/* false stops. The bulletin is lent until it returns; it must not call the handle. */
typedef bool (*caprelay_bulletin_fn)(void *context, const struct caprelay_bulletin *bulletin);
/* What is in force on the handle's topics, in order. */
CAPRELAY_API enum caprelay_code caprelay_in_force(struct caprelay *relay, caprelay_bulletin_fn each,
                                                  void *context, struct caprelay_error *error);

/* --- injection --- */

struct caprelay_receipt {
    const char *outcome; /* "accepted", "duplicate", "refused" */
    const char *verdict, *reason, *text;
    const char *json; /* the signed header */
};

struct caprelay_injection {
    size_t size;          /* sizeof(struct caprelay_injection) */
    const char *key_path; /* the authority's key */
    const char
        *authority; /* its name at the relay; NULL: the one that the key list has for the key */
    const char *cap;
    size_t cap_len;
    bool dry_run;
    unsigned attempts; /* sendings before CAPRELAY_TIMEOUT, or while the relay is busy; 0: 3. It
                          answers each alike */
};

/* Sends until a receipt has come and verifies it. CAPRELAY_OK also for a refusal: see outcome. */
CAPRELAY_API enum caprelay_code caprelay_inject(struct caprelay *relay,
                                                const struct caprelay_injection *injection,
                                                const struct caprelay_receipt **receipt,
                                                struct caprelay_error *error);

#ifdef __cplusplus
}
#endif

#endif
