/*
 * identity: when two messages are one.
 *
 * CAP identity is (class, sender, identifier, sent as an instant). Content is compared by a digest
 * over the parsed alert without signatures and insignificant white space. Pure.
 */
#ifndef CAPRELAY_ALERT_IDENTITY_H
#define CAPRELAY_ALERT_IDENTITY_H

#include "alert/alert.h"

struct identity {
    enum alert_class class;
    struct slice sender;
    struct slice identifier;
    int64_t sent_s;
};

/* Lent from the alert. */
struct identity identity_of(const struct alert *alert, enum alert_class class);
struct identity identity_of_reference(const struct cap_reference *reference,
                                      enum alert_class class);
bool identity_eq(const struct identity *a, const struct identity *b);
/* A byte string that is equal exactly where the identities are. In the arena. */
struct slice identity_key(struct arena *arena, const struct identity *identity);

/* Digest of all that the message says (signatures, white space at the ends of texts and between
 * elements left out). */
struct digest alert_content(const struct alert *alert);

/* A code of what an exercise was made of: an entry's versions stay versions there. */
#define ALERT_ENTRY_CODE "caprelay:entry"
/* Incident information made of an Atom entry, also as an exercise: its later versions have the same
 * sender and identifier. */
bool alert_is_entry(const struct alert *alert);

/*
 * The secondary key under which a re-wrapped alert is found, or {NULL, 0}: NWS by the VTEC of its
 * parameters (office, phenomenon, significance, event number, year, action), NRCan by
 * `layer:EarthquakesCanada:0.1:eventId`, all versions of an Atom entry by its author and id. Equal
 * keys alone merge nothing: see alert_same_event().
 */
struct slice alert_secondary_key(struct arena *arena, const struct alert *alert);
/* Whether two alerts with one secondary key say the same: msgType, sent minute, geocodes, shapes,
 * urgency, severity, certainty, onset and expires; for NRCan the magnitude too. */
bool alert_same_event(const struct alert *a, const struct alert *b);

/*
 * Derived identifier: "urn:caprelay:" and 32 hex digits of BLAKE2b over class, side, sender,
 * identifier and sent (UTC instant, decimal seconds), NUL between; for a conflict the content
 * digest's hex too. `conflict` may be NULL.
 */
struct slice identity_derived(struct arena *arena, const struct identity *identity, enum side side,
                              const struct digest *conflict);
/* Whether an identifier has the form that identity_derived() gives. */
bool identity_is_derived(struct slice identifier);

#endif
