/*
 * nonces: those of the last minutes, so that a recorded request cannot be played again. No clock:
 * the time is handed in.
 */
#ifndef CAPRELAY_ADAPTERS_INJECT_NONCES_H
#define CAPRELAY_ADAPTERS_INJECT_NONCES_H

#include "base/map.h"
#include "base/slice.h"

#include <stdint.h>

/* A request is taken when its time is at most 120 s off; after twice that its nonce can be
 * forgotten, since its time refuses it. */
enum { NONCES_MAX = 65536, NONCES_KEEP_S = 300 };

struct nonces {
    struct map *seen;
    struct nonce *first, **end; /* oldest first */
};

void nonces_init(struct nonces *nonces);
void nonces_fini(struct nonces *nonces);

enum nonce_verdict { NONCE_NEW = 0, NONCE_REPEATED, NONCE_NO_ROOM };
/* Remembers a new one. `key`: authority and nonce. Never forgets one early to make room: that would
 * open the door. */
enum nonce_verdict nonces_take(struct nonces *nonces, struct slice key, int64_t now_us);

#endif
