/*
 * packet: parts with their lengths, and their one compression.
 *
 * A packet is a row of parts, each a u32 length (big endian) and its bytes: a signed packet is
 * header, signature, payload... A frame on the wire is the packet itself or one zstd frame of it
 * (magic 28 B5 2F FD, which no packet starts with, since no part is that long). Pure.
 */
#ifndef CAPRELAY_SEAL_PACKET_H
#define CAPRELAY_SEAL_PACKET_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "seal/key.h"

enum {
    PACKET_PARTS_MAX = 8,
    PACKET_BYTES_MAX = 24 * 1024 * 1024,
    PACKET_HEADER_BYTES_MAX = 1024 * 1024
};

struct packet {
    struct slice parts[PACKET_PARTS_MAX];
    size_t count;
};

/* An empty buffer for one packet, in memory that this thread keeps from one to the next, and its
 * end. */
void packet_begin(struct buf *packet);
void packet_end(struct buf *packet);

void packet_put(struct buf *out, struct slice part);
/* Lent from `bytes`. */
enum err_code packet_split(struct slice bytes, struct packet *out, struct err *err);

/* Appends one zstd frame with its content size in it. */
enum err_code packet_compress(struct slice packet, struct buf *out, struct err *err);
/* The packet of a frame, plain or compressed; in the arena if it had to be expanded. The declared
 * size is checked before anything is made. */
enum err_code packet_open(struct arena *arena, struct slice frame, struct packet *out,
                          struct err *err);

/* Appends header, signature (over the header, as `kind`), then nothing: payloads follow with
 * packet_put(). */
void packet_put_signed(struct buf *out, const struct key *key, enum seal_kind kind,
                       struct slice header);

#endif
