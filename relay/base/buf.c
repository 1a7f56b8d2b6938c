#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 256 };

void buf_init(struct buf *buf, size_t max_bytes)
{
    *buf = (struct buf){.max_bytes = max_bytes};
}

void buf_fini(struct buf *buf)
{
    free(buf->ptr);
    *buf = (struct buf){.max_bytes = buf->max_bytes};
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

char *buf_reserve(struct buf *buf, size_t size)
{
    if (buf->failed || size > buf->max_bytes - buf->len) {
        buf->failed = true;
        return NULL;
    }
    /* One byte more than asked for: vsnprintf writes its NUL there. */
    size_t needed = buf->len + size + 1;
    if (needed > buf->capacity) {
        size_t grown = buf->capacity ? buf->capacity : FIRST_BYTES;
        while (grown < needed)
            grown *= 2;
        if (grown > buf->max_bytes + 1)
            grown = buf->max_bytes + 1;
        buf->ptr = mem_realloc(buf->ptr, grown);
        buf->capacity = grown;
    }
    return buf->ptr + buf->len;
}

void buf_commit(struct buf *buf, size_t written)
{
    buf->len += written;
}

void buf_put(struct buf *buf, struct slice bytes)
{
    char *place = buf_reserve(buf, bytes.len);
    if (!place || bytes.len == 0)
        return;
    memcpy(place, bytes.ptr, bytes.len);
    buf_commit(buf, bytes.len);
}

void buf_put_cstr(struct buf *buf, const char *text)
{
    buf_put(buf, slice_from_cstr(text));
}

void buf_put_char(struct buf *buf, char c)
{
    buf_put(buf, slice_of(&c, 1));
}

void buf_put_u32be(struct buf *buf, uint32_t value)
{
    char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(value >> (24 - 8 * i));
    buf_put(buf, slice_of(bytes, sizeof bytes));
}

void buf_put_u64be(struct buf *buf, uint64_t value)
{
    buf_put_u32be(buf, (uint32_t)(value >> 32));
    buf_put_u32be(buf, (uint32_t)value);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    char brief[FIRST_BYTES];
    int len = vsnprintf(brief, sizeof brief, format, args);
    char *place = len >= 0 ? buf_reserve(buf, (size_t)len) : NULL;
    if (!place)
        buf->failed = true;
    else if ((size_t)len < sizeof brief)
        memcpy(place, brief, (size_t)len);
    else
        vsnprintf(place, (size_t)len + 1, format, again);
    if (place)
        buf_commit(buf, (size_t)len);
    va_end(again);
    va_end(args);
}

bool buf_failed(const struct buf *buf)
{
    return buf->failed;
}

struct slice buf_slice(const struct buf *buf)
{
    return slice_of(buf->ptr ? buf->ptr : "", buf->len);
}

char *buf_take(struct buf *buf, size_t *len)
{
    char *bytes = buf->ptr ? buf->ptr : mem_alloc(1);
    *len = buf->len;
    *buf = (struct buf){.max_bytes = buf->max_bytes};
    return bytes;
}
