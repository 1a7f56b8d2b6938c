/*
 * buf: a growing byte buffer with a compulsory maximum.
 *
 * Failure is sticky: once the maximum would be passed nothing more is appended and buf_failed()
 * says so, so that a writer appends freely and checks once. Not for use by two threads at once.
 */
#ifndef CAPRELAY_BASE_BUF_H
#define CAPRELAY_BASE_BUF_H

#include "base/slice.h"

#include <stdint.h>

struct buf {
    char *ptr;
    size_t len;
    size_t capacity;
    size_t max_bytes;
    bool failed;
};

void buf_init(struct buf *buf, size_t max_bytes);
/* Accepts a zeroed buf. */
void buf_fini(struct buf *buf);
/* Forgets the content and a failure, keeps the memory. */
void buf_reset(struct buf *buf);

void buf_put(struct buf *buf, struct slice bytes);
void buf_put_cstr(struct buf *buf, const char *text);
void buf_put_char(struct buf *buf, char c);
void buf_put_u32be(struct buf *buf, uint32_t value);
void buf_put_u64be(struct buf *buf, uint64_t value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `size` more bytes at the returned place, NULL on failure; buf_commit says how many were
 * written. */
char *buf_reserve(struct buf *buf, size_t size);
void buf_commit(struct buf *buf, size_t written);

bool buf_failed(const struct buf *buf);
/* Lent until the next change of the buf. */
struct slice buf_slice(const struct buf *buf);
/* Gives the memory to the caller, who frees it with free(); the buf is empty afterwards. */
char *buf_take(struct buf *buf, size_t *len);

#endif
