/*
 * standing: the relay's own entries on a hub, as far as it was told: by the hub's feed, and by the
 * answers to what it posted itself. Pure; for one thread.
 *
 * A message has a place here while an entry shows it or replaced it: what comes again after a crash
 * and was updated meanwhile must not stand beside its update.
 */
#ifndef CAPRELAY_OUTLETS_MASAS_STANDING_H
#define CAPRELAY_OUTLETS_MASAS_STANDING_H

#include "adapters/hub_access.h"
#include "alert/atom.h"

struct standing;

struct standing_entry {
    struct slice edit;      /* where it can be changed; absent: not known */
    int64_t until_s;        /* it ends then; INT64_MAX: nobody says when */
    struct slice *messages; /* identifiers of what it is and was, oldest first */
    size_t count, capacity;
};

/* What an entry of the hub says of itself, in the arena or lent from the entry; `base` is the
 * address that its links are relative to. A link to another server counts for none. */
struct standing_entry standing_read(struct arena *arena, const struct atom_entry *entry,
                                    const struct hub_access *access, struct slice base);

struct standing *standing_create(void);
/* Accepts NULL. */
void standing_destroy(struct standing *standing);
/* All of it; entries that were lent are gone. */
void standing_forget(struct standing *standing);

/* The entry that shows or replaced the message, lent; NULL: none does, or it has ended. */
struct standing_entry *standing_find(const struct standing *standing, struct slice message,
                                     int64_t now_s);
/* That of a message that `alert` refers to; of several the one named last. */
struct standing_entry *standing_find_referenced(const struct standing *standing,
                                                const struct alert *alert, int64_t now_s);
/* The hub has an entry with these messages. Copied. Where one of them has a place already, that
 * entry is brought up to date. If the two can be changed in different places, what is told counts
 * only if it `is_newer`: a feed lists the newest first. */
void standing_take(struct standing *standing, const struct standing_entry *told, bool is_newer,
                   int64_t now_s);
#endif
