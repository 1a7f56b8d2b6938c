/*
 * entry: one Atom entry of a tree. Internal to the room.
 */
#ifndef CAPRELAY_ALERT_ENTRY_H
#define CAPRELAY_ALERT_ENTRY_H

#include "alert/atom.h"
#include "alert/envelope.h"

/* The Atom age extension (draft-snell-atompub-feed-age), as MASAS uses it. */
#define AGE_NAMESPACE "http://purl.org/atompub/age/1.0"

/* An element of Atom with that name. */
bool entry_is(const xmlNode *node, const char *name);
bool entry_is_cap_alert(const xmlNode *node);
/* A deleted-entry (RFC 6721), and whether it is the entry's with that id. */
bool entry_is_deleted(const xmlNode *node);
bool entry_is_deleted_of(struct reader *r, const xmlNode *node, struct slice id);
/* When, as the deleted-entry says; not set where that cannot be read. */
struct cap_time entry_deleted_when(struct reader *r, const xmlNode *node);
/* Whether a CAP alert is at or below the element. */
bool entry_holds_cap(const xmlNode *node);
/* The first author among the children, or nothing. */
struct atom_author entry_author(struct reader *r, const xmlNode *node);
struct atom_entry entry_read(struct reader *r, const xmlNode *node,
                             const struct atom_author *of_feed);
/* What an entry says of the CAP alert in it: r->root is the entry. */
struct envelope *entry_envelope(struct reader *r, const struct atom_entry *entry);
/* The statuses in its categories, bounding `envelope`. */
void entry_bound(struct reader *r, const struct atom_entry *entry, struct envelope *envelope);

#endif
