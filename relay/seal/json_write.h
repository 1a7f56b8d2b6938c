/*
 * json_write: the JSON of a bulletin's header, written as its values come.
 *
 * A header is made for every bulletin: no tree is built of it. The bytes are those that
 * json_dumps() of jansson makes of the same values (JSON_COMPACT, nine digits of a real), so that
 * who makes a header either way signs the same. As with json.h a text that is not UTF-8 has '?' for
 * what is not ASCII, and an absent one is null. For one thread.
 */
#ifndef CAPRELAY_SEAL_JSON_WRITE_H
#define CAPRELAY_SEAL_JSON_WRITE_H

#include "base/buf.h"
#include "base/digest.h"

struct json_writer {
    struct buf *out; /* lent; its failure is the writer's */
    bool behind;     /* something stands before in this object or array */
};

/* `name` is NULL for an item of an array and for the outermost. `bracket` is '{' or '[', and '}' or
 * ']' at the end. */
void json_begin(struct json_writer *writer, const char *name, char bracket);
void json_end(struct json_writer *writer, char bracket);

void json_write_text(struct json_writer *writer, const char *name, struct slice text);
void json_write_cstr(struct json_writer *writer, const char *name, const char *text);
void json_write_number(struct json_writer *writer, const char *name, uint64_t value);
void json_write_real(struct json_writer *writer, const char *name, double value);
void json_write_flag(struct json_writer *writer, const char *name, bool value);
void json_write_null(struct json_writer *writer, const char *name);
void json_write_digest(struct json_writer *writer, const char *name, const struct digest *digest);
/* null for 0 */
void json_write_time_us(struct json_writer *writer, const char *name, int64_t instant_us);
void json_write_texts(struct json_writer *writer, const char *name, const struct slice *texts,
                      size_t count);

#endif
