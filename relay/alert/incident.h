/*
 * incident: MASAS-style incident information, an Atom entry without CAP, to the model. Internal to
 * the room.
 *
 * An entry is incident information where a category has a scheme that begins with `masas:` and no
 * link leads to CAP (then that is the message). It becomes an Alert, Public, urgency Unknown,
 * responseType Monitor. Its status is that of its category: without one it is refused, never taken
 * for Actual. Nothing else is guessed: what it does not say is Unknown or absent.
 *
 * Identity (docs/protocol.md 3.4 says the same to clients): identifier is the entry's id, sender
 * its author's email, uri or name, in both the characters that CAP does not allow percent-encoded;
 * sent is `updated`.
 */
#ifndef CAPRELAY_ALERT_INCIDENT_H
#define CAPRELAY_ALERT_INCIDENT_H

#include "alert/entry.h"

bool incident_is(const struct atom_entry *entry);

/* Fills r->alert; r->root is the entry's element. */
void incident_read(struct reader *r, const struct atom_entry *entry);
/* The entry is gone since then: that is when it was sent, and when it ended. */
void incident_withdraw(struct reader *r, struct cap_time when);

#endif
