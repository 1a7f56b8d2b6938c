/*
 * json: the JSON of headers, read strictly and written once.
 *
 * Reading is sticky like buf: the first fault is kept, later calls return empty values, and the
 * caller asks json_failed() once. Texts are copied into the arena. For one thread each.
 */
#ifndef CAPRELAY_SEAL_JSON_H
#define CAPRELAY_SEAL_JSON_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* An object with "v": 1 and no key twice; NULL with err otherwise. The caller drops it with
 * json_decref(). */
json_t *json_read(struct slice text, struct err *err);

struct json_fields {
    struct arena *arena;
    struct err *err;
    enum err_code code;
};

bool json_failed(const struct json_fields *fields);
/* Keeps the first fault only. */
void json_fail(struct json_fields *fields, const char *name, const char *wanted);

/* Absent or of another type is a fault. */
struct slice json_get_text(struct json_fields *fields, const json_t *object, const char *name);
uint64_t json_get_number(struct json_fields *fields, const json_t *object, const char *name);
bool json_get_flag(struct json_fields *fields, const json_t *object, const char *name);
struct digest json_get_digest(struct json_fields *fields, const json_t *object, const char *name);
int64_t json_get_time_us(struct json_fields *fields, const json_t *object, const char *name);
const json_t *json_get_array(struct json_fields *fields, const json_t *object, const char *name);
const json_t *json_get_object(struct json_fields *fields, const json_t *object, const char *name);
/* All items must be texts. */
struct slice *json_get_texts(struct json_fields *fields, const json_t *object, const char *name,
                             size_t *count);

/* Absent or null gives the absent slice, 0, NULL. */
struct slice json_get_text_maybe(struct json_fields *fields, const json_t *object,
                                 const char *name);
uint64_t json_get_number_maybe(struct json_fields *fields, const json_t *object, const char *name);
int64_t json_get_time_us_maybe(struct json_fields *fields, const json_t *object, const char *name);
const json_t *json_get_object_maybe(struct json_fields *fields, const json_t *object,
                                    const char *name);

/* 2026-04-15T20:51:47.123456Z and nothing else. */
bool time_us_from_text(struct slice text, int64_t *out);

/* Writing. Each takes the value over; a byte that is not UTF-8 becomes '?', absent becomes null, so
 * that nothing hostile can keep a record from being made. */
void json_put(json_t *object, const char *name, json_t *value);
void json_put_text(json_t *object, const char *name, struct slice text);
void json_put_cstr(json_t *object, const char *name, const char *text);
void json_put_number(json_t *object, const char *name, uint64_t value);
void json_put_flag(json_t *object, const char *name, bool value);
void json_put_digest(json_t *object, const char *name, const struct digest *digest);
/* null for 0 */
void json_put_time_us(json_t *object, const char *name, int64_t instant_us);
void json_put_texts(json_t *object, const char *name, const struct slice *texts, size_t count);
void json_append(json_t *array, json_t *value);
json_t *json_text(struct slice text);

/* Compact, into the arena; drops the object. */
struct slice json_take_text(struct arena *arena, json_t *object);

#endif
