/*
 * detach: an element of a tree as a document of its own. Internal to the room.
 */
#ifndef CAPRELAY_ALERT_DETACH_H
#define CAPRELAY_ALERT_DETACH_H

#include "base/arena.h"
#include "base/slice.h"

#include <libxml/tree.h>

/* In UTF-8, in the arena; says what the element says, node for node, so that a signature over it
 * holds. Absent where memory runs out. */
struct slice detach(struct arena *arena, xmlNode *element);

#endif
