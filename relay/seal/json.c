#include "seal/json.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>

json_t *json_read(struct slice text, struct err *err)
{
    json_error_t fault;
    json_t *root = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &fault);
    const json_t *version;

    if (!root) {
        err_set(err, ERR_INVALID, "header: no JSON: %s (line %d, column %d)", fault.text,
                fault.line, fault.column);
        return NULL;
    }
    version = json_object_get(root, "v");
    if (!json_is_integer(version) || json_integer_value(version) != 1) {
        err_set(err, ERR_INVALID,
                json_is_object(root) ? "header: \"v\" is not 1" : "header: not an object");
        json_decref(root);
        return NULL;
    }
    return root;
}

bool json_failed(const struct json_fields *fields)
{
    return fields->code != OK;
}

void json_fail(struct json_fields *fields, const char *name, const char *wanted)
{
    if (fields->code == OK)
        fields->code = err_set(fields->err, ERR_INVALID, "header: \"%s\" is not %s", name, wanted);
}

static struct slice text_of(struct json_fields *fields, const json_t *value)
{
    return arena_copy(fields->arena, slice_of(json_string_value(value), json_string_length(value)));
}

struct slice json_get_text(struct json_fields *fields, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (json_is_string(value))
        return text_of(fields, value);
    json_fail(fields, name, "a text");
    return slice_of("", 0);
}

static uint64_t number_of(struct json_fields *fields, const json_t *value, const char *name)
{
    /* JSON numbers are exact in every language only below 2^53. */
    if (json_is_integer(value) && json_integer_value(value) >= 0 &&
        json_integer_value(value) < (INT64_C(1) << 53))
        return (uint64_t)json_integer_value(value);
    json_fail(fields, name, "a number");
    return 0;
}

uint64_t json_get_number(struct json_fields *fields, const json_t *object, const char *name)
{
    return number_of(fields, json_object_get(object, name), name);
}

bool json_get_flag(struct json_fields *fields, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_boolean(value))
        json_fail(fields, name, "true or false");
    return json_is_true(value);
}

struct digest json_get_digest(struct json_fields *fields, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    struct digest digest = {0};

    if (!json_is_string(value) ||
        !hex_decode(slice_of(json_string_value(value), json_string_length(value)), digest.bytes,
                    sizeof digest.bytes))
        json_fail(fields, name, "a digest");
    return digest;
}

static int64_t time_of(struct json_fields *fields, const json_t *value, const char *name)
{
    int64_t instant_us = 0;

    if (!json_is_string(value) ||
        !time_us_from_text(slice_of(json_string_value(value), json_string_length(value)),
                           &instant_us))
        json_fail(fields, name, "a time");
    return instant_us;
}

int64_t json_get_time_us(struct json_fields *fields, const json_t *object, const char *name)
{
    return time_of(fields, json_object_get(object, name), name);
}

const json_t *json_get_array(struct json_fields *fields, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_array(value))
        json_fail(fields, name, "an array");
    return value;
}

const json_t *json_get_object(struct json_fields *fields, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_object(value))
        json_fail(fields, name, "an object");
    return value;
}

struct slice *json_get_texts(struct json_fields *fields, const json_t *object, const char *name,
                             size_t *count)
{
    const json_t *array = json_get_array(fields, object, name);
    struct slice *texts;

    *count = json_array_size(array);
    texts = arena_alloc_array(fields->arena, *count + 1, sizeof *texts);
    for (size_t i = 0; i < *count; i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_string(value))
            json_fail(fields, name, "an array of texts");
        else
            texts[i] = text_of(fields, value);
    }
    return texts;
}

static bool is_given(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return value && !json_is_null(value);
}

struct slice json_get_text_maybe(struct json_fields *fields, const json_t *object, const char *name)
{
    return is_given(object, name) ? json_get_text(fields, object, name) : (struct slice){0};
}

uint64_t json_get_number_maybe(struct json_fields *fields, const json_t *object, const char *name)
{
    return is_given(object, name) ? json_get_number(fields, object, name) : 0;
}

int64_t json_get_time_us_maybe(struct json_fields *fields, const json_t *object, const char *name)
{
    return is_given(object, name) ? json_get_time_us(fields, object, name) : 0;
}

const json_t *json_get_object_maybe(struct json_fields *fields, const json_t *object,
                                    const char *name)
{
    return is_given(object, name) ? json_get_object(fields, object, name) : NULL;
}

/* `count` decimal digits off the front, then the byte `end` where it is not NUL. */
static bool take_digits(struct slice *text, int count, char end, int *out)
{
    size_t taken = (size_t)count + (end ? 1 : 0);

    *out = 0;
    if (text->len < taken || (end && text->ptr[count] != end))
        return false;
    for (int i = 0; i < count; i++) {
        if (text->ptr[i] < '0' || text->ptr[i] > '9')
            return false;
        *out = *out * 10 + (text->ptr[i] - '0');
    }
    *text = slice_sub(*text, taken, text->len);
    return true;
}

bool time_us_from_text(struct slice text, int64_t *out)
{
    int year, month, day, hour, minute, second, micro, back[3];
    int64_t days;

    if (!take_digits(&text, 4, '-', &year) || !take_digits(&text, 2, '-', &month) ||
        !take_digits(&text, 2, 'T', &day) || !take_digits(&text, 2, ':', &hour) ||
        !take_digits(&text, 2, ':', &minute) || !take_digits(&text, 2, '.', &second) ||
        !take_digits(&text, 6, 'Z', &micro) || text.len != 0)
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second > 59)
        return false;
    days = clock_days_from_civil(year, month, day);
    clock_civil_from_days(days, &back[0], &back[1], &back[2]);
    if (back[2] != day)
        return false;
    *out = ((days * 24 + hour) * 60 + minute) * 60 * INT64_C(1000000) + second * INT64_C(1000000) +
           micro;
    return true;
}

void json_put(json_t *object, const char *name, json_t *value)
{
    /* Fails only for want of memory, here or where the value was made. */
    if (json_object_set_new(object, name, value) != 0)
        abort();
}

void json_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        abort();
}

static json_t *replaced(struct slice text)
{
    char *copy = mem_alloc(text.len + 1);
    json_t *value;

    for (size_t i = 0; i < text.len; i++)
        copy[i] = (unsigned char)text.ptr[i] < 0x80 ? text.ptr[i] : '?';
    value = json_stringn(copy, text.len);
    free(copy);
    return value;
}

json_t *json_text(struct slice text)
{
    json_t *value;

    if (!text.ptr)
        return json_null();
    value = json_stringn(text.ptr, text.len);
    return value ? value : replaced(text);
}

void json_put_text(json_t *object, const char *name, struct slice text)
{
    json_put(object, name, json_text(text));
}

void json_put_cstr(json_t *object, const char *name, const char *text)
{
    json_put_text(object, name, slice_from_cstr(text));
}

void json_put_number(json_t *object, const char *name, uint64_t value)
{
    json_put(object, name, json_integer((json_int_t)value));
}

void json_put_flag(json_t *object, const char *name, bool value)
{
    json_put(object, name, json_boolean(value));
}

void json_put_digest(json_t *object, const char *name, const struct digest *digest)
{
    char hex[DIGEST_HEX_MAX];

    json_put(object, name, json_string(digest_hex(digest, hex)));
}

void json_put_time_us(json_t *object, const char *name, int64_t instant_us)
{
    char text[CLOCK_TEXT_MAX];

    json_put(object, name,
             instant_us ? json_string(clock_format_us(instant_us, text)) : json_null());
}

void json_put_texts(json_t *object, const char *name, const struct slice *texts, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_append(array, json_text(texts[i]));
    json_put(object, name, array);
}

struct slice json_take_text(struct arena *arena, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9));
    struct slice copy;

    if (!text)
        abort();
    copy = arena_copy(arena, slice_from_cstr(text));
    free(text);
    json_decref(object);
    return copy;
}
