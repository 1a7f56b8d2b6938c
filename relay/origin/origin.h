/*
 * origin: what the XML signatures of a received alert are worth.
 *
 * origin_check() is a function of the received bytes, the pins and the time: no I/O, no clock. It
 * is safe from several threads with their own arenas. Facts: ECCC signs with exclusive, NAADS with
 * inclusive canonicalisation, each over the alert without any Signature element; ECCC's certificate
 * has been in use long past its end, so that keys are pinned and no chain of authorities is asked.
 */
#ifndef CAPRELAY_ORIGIN_ORIGIN_H
#define CAPRELAY_ORIGIN_ORIGIN_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ORIGIN_SIGNATURES_MAX = 4, /* two are known: NAADS and ECCC */
    ORIGIN_RSA_BITS_GOOD = 2048,
    ORIGIN_RSA_BITS_MAX = 8192, /* a larger key is work for us, made by a stranger */
    ORIGIN_FINGERPRINT_MAX = 65
};

enum origin_verdict {
    ORIGIN_NONE = 0,        /* there is no signature */
    ORIGIN_UNCHECKED,       /* there is one, and nobody looked at it */
    ORIGIN_MALFORMED,       /* not of the accepted form: a second alert, a moved Signature, ... */
    ORIGIN_UNSUPPORTED,     /* algorithm, transform or key that is not accepted */
    ORIGIN_DIGEST_MISMATCH, /* the alert was changed, or the signature belongs to another */
    ORIGIN_INVALID,         /* the signature value does not fit SignedInfo and key */
    ORIGIN_UNTRUSTED,       /* good in itself, by a key that is not pinned (or not now) */
    ORIGIN_WEAK,            /* pinned; but SHA-1, or an RSA key below 2048 bits */
    ORIGIN_EXPIRED,         /* pinned and good; the certificate is past its end, the pin bears it */
    ORIGIN_VALID,
    ORIGIN_VERDICT_COUNT
};

/* Static: "none", "unchecked", "malformed", "unsupported", "digest-mismatch", "signature-invalid",
 * "untrusted", "weak", "expired-pinned", "valid". */
const char *origin_verdict_name(enum origin_verdict verdict);

enum origin_policy {
    ORIGIN_IGNORE = 0, /* not checked */
    ORIGIN_FLAG,       /* relayed, with a remark */
    ORIGIN_REQUIRE     /* refused without an accepted signature */
};

/* One pinned signer. Exactly one of `spki`, `file` and `ca`. All lent for origin_trust_create(). */
struct origin_pin {
    struct slice name;                 /* for people: "eccc" */
    struct slice spki;                 /* 64 hex digits: SHA-256 of the SubjectPublicKeyInfo */
    const char *file;                  /* PEM: these certificates themselves, at most 16 */
    const char *ca;                    /* PEM: a certificate that one of these issued ... */
    struct slice subject;              /* ... to this CN; `ca` needs it */
    int64_t not_before_s, not_after_s; /* of the pin itself; 0: no bound */
    bool allow_expired;                /* a certificate past its end is good enough */
    bool allow_weak;                   /* so are SHA-1 and short keys */
};

struct origin_trust;

/* Whether a PEM file holds certificates, or a private key that needs no password; for files that
 * others read later. An err names the file. */
enum err_code origin_check_certificates(const char *path, struct err *err);
enum err_code origin_check_key(const char *path, struct err *err);

/* Reads the files. An err names the pin and what is wrong with it. */
enum err_code origin_trust_create(enum origin_policy policy, const struct origin_pin *pins,
                                  size_t count, struct origin_trust **out, struct err *err);
/* Accepts NULL. */
void origin_trust_destroy(struct origin_trust *trust);
/* NULL: ORIGIN_IGNORE. */
enum origin_policy origin_policy_of(const struct origin_trust *trust);

/* A pin that ends within `warn_s` of now, or has ended (ends_s <= now_s). Name and text are lent
 * until the callback returns. Of a pin by `spki` only its own not_after is known. */
typedef void (*origin_alarm_fn)(void *context, struct slice pin, int64_t ends_s);
void origin_trust_alarms(const struct origin_trust *trust, int64_t now_s, int64_t warn_s,
                         origin_alarm_fn each, void *context);

/* One Signature element. Texts are in the arena. With a pin by key the certificate's names are its
 * own word; the fingerprint is not. */
struct origin_signature {
    enum origin_verdict verdict;
    struct slice id;              /* of the element; absent for none */
    struct slice pin;             /* which one accepted it; absent for none */
    struct slice subject, issuer; /* common names; absent where no certificate could be read */
    char fingerprint[ORIGIN_FINGERPRINT_MAX]; /* SHA-256 of the SubjectPublicKeyInfo, hex; or "" */
    struct slice text;                        /* why not valid; absent for valid */
    bool accepted;                            /* by its pin: valid, expired or weak */
};

/* One document. */
struct origin {
    enum origin_verdict verdict; /* of the best */
    bool accepted;
    struct slice signer; /* who is vouched for: "eccc: *.weather.gc.ca (sha256 e78c...)", several
                            with "; " between; absent where nobody */
    struct slice text;   /* all signatures in one line; absent where there is none */
    struct origin_signature *signatures; /* in document order */
    size_t count;
};

/* Judges the signatures of the document in `bytes`, an alert as its root; `trust` may be NULL: then
 * nobody is trusted. Never fails. */
void origin_check(const struct origin_trust *trust, struct arena *arena, struct slice bytes,
                  int64_t now_s, struct origin *out);

/* More than zero where a is the better proof, 0 where neither is: below `weak` nothing proves. */
int origin_compare(enum origin_verdict a, enum origin_verdict b);

#endif
