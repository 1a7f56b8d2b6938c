/*
 * lookup: getaddrinfo() on a thread. Private to the room.
 */
#ifndef CAPRELAY_DIAL_LOOKUP_H
#define CAPRELAY_DIAL_LOOKUP_H

#include "dial/dial.h"

#include <netdb.h>

struct lookup;

/* *fd, lent, becomes readable when it is done. NULL where no thread could be started. */
struct lookup *lookup_start(const struct dial_address *address, int *fd);
/* The answer, once; 0 or an EAI_* value. The list is the caller's (freeaddrinfo). */
int lookup_take(struct lookup *lookup, struct addrinfo **list);
/* At any time; a thread that is still looking ends by itself. Accepts NULL. */
void lookup_drop(struct lookup *lookup);

/* Without asking anybody: 0 where `host` is a number. */
int lookup_numeric(const struct dial_address *address, struct addrinfo **list);

#endif
