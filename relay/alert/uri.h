/*
 * uri: what the type anyURI of the schema takes. Internal to the room.
 */
#ifndef CAPRELAY_ALERT_URI_H
#define CAPRELAY_ALERT_URI_H

#include "base/arena.h"

/* As it is where it is valid, else with the offending characters percent-encoded; absent where even
 * that does not help. */
struct slice uri_make_valid(struct arena *arena, struct slice uri);

#endif
