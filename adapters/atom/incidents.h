/*
 * incidents: the last version of each incident that a feed named, for the day when the feed says no
 * more of it than that it is gone. No I/O, no clock; for the loop's thread.
 *
 * In memory alone: what a restart forgets and the feed no longer lists is told to intake without
 * its entry, which is a row in the journal and a warning.
 */
#ifndef CAPRELAY_ADAPTERS_ATOM_INCIDENTS_H
#define CAPRELAY_ADAPTERS_ATOM_INCIDENTS_H

#include "base/map.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ATOM_INCIDENTS_BYTES_MAX = 32 * 1024 * 1024 };

struct atom_incidents {
    struct map *by_id;
    size_t bytes;
    uint64_t look; /* the last look at all that is current */
};

void atom_incidents_init(struct atom_incidents *incidents);
void atom_incidents_fini(struct atom_incidents *incidents);
/* In place of an earlier version. Where there is no room, those go first that the current look did
 * not name; false where that was not enough. */
bool atom_incidents_keep(struct atom_incidents *incidents, struct slice id, struct slice bytes);
/* Absent where it is not known. Lent until the next call. */
struct slice atom_incidents_find(const struct atom_incidents *incidents, struct slice id);
/* A look at all that is current begins. */
void atom_incidents_look(struct atom_incidents *incidents);

#endif
