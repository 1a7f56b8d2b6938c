/*
 * card: the contact card of a relay, all that a client needs (docs/protocol.md 1.4).
 */
#ifndef CAPRELAY_SEAL_CARD_H
#define CAPRELAY_SEAL_CARD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "seal/key.h"

struct card {
    const char *relay;
    const char *feed; /* ZeroMQ endpoints */
    const char *query;
    const char *inject; /* NULL: nobody can inject */
    bool has_curve;     /* false: plain, loopback only */
    uint8_t curve[KEY_PUBLIC_BYTES];
    uint8_t root[KEY_PUBLIC_BYTES];
};

/* Texts are in the arena. */
enum err_code card_read(struct arena *arena, struct slice text, struct card *out, struct err *err);
enum err_code card_load(struct arena *arena, const char *path, struct card *out, struct err *err);
/* Appends the card as JSON with a line end. */
void card_write(const struct card *card, struct buf *out);

#endif
