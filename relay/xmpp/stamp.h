/*
 * stamp: times as XMPP writes them (XEP-0082; of XEP-0091 in old servers). Pure. Private to the
 * room.
 */
#ifndef CAPRELAY_XMPP_STAMP_H
#define CAPRELAY_XMPP_STAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { STAMP_TEXT = 32 };

/* Microseconds since 1970. False: it is no such time. */
bool stamp_read(const char *text, int64_t *us);
/* In whole seconds, rounded down: 2026-01-31T23:59:59Z. */
void stamp_write(int64_t us, char out[STAMP_TEXT]);

#endif
