#include "seal/json_write.h"

#include "base/clock.h"
#include "seal/json.h"

#include <inttypes.h>
#include <stdlib.h>

static void put_name(struct json_writer *writer, const char *name)
{
    if (writer->behind)
        buf_put_char(writer->out, ',');
    writer->behind = true;
    if (!name)
        return;
    buf_put_char(writer->out, '"');
    buf_put_cstr(writer->out, name);
    buf_put(writer->out, SLICE("\":"));
}

void json_begin(struct json_writer *writer, const char *name, char bracket)
{
    put_name(writer, name);
    buf_put_char(writer->out, bracket);
    writer->behind = false;
}

void json_end(struct json_writer *writer, char bracket)
{
    buf_put_char(writer->out, bracket);
    writer->behind = true;
}

/* Printed ASCII that is not escaped, as nearly every text is. */
static bool is_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c < ' ' || c >= 0x7f || c == '"' || c == '\\')
            return false;
    }
    return true;
}

/* What is escaped and what is UTF-8 is jansson's to say. */
static void put_value(struct json_writer *writer, json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));

    if (!text)
        abort(); /* no memory */
    buf_put_cstr(writer->out, text);
    free(text);
    json_decref(value);
}

void json_write_text(struct json_writer *writer, const char *name, struct slice text)
{
    put_name(writer, name);
    if (!text.ptr) {
        buf_put(writer->out, SLICE("null"));
        return;
    }
    if (!is_plain(text)) {
        put_value(writer, json_text(text));
        return;
    }
    buf_put_char(writer->out, '"');
    buf_put(writer->out, text);
    buf_put_char(writer->out, '"');
}

void json_write_cstr(struct json_writer *writer, const char *name, const char *text)
{
    json_write_text(writer, name, slice_from_cstr(text));
}

void json_write_number(struct json_writer *writer, const char *name, uint64_t value)
{
    put_name(writer, name);
    buf_printf(writer->out, "%" PRId64, (int64_t)value);
}

void json_write_real(struct json_writer *writer, const char *name, double value)
{
    put_name(writer, name);
    put_value(writer, json_real(value));
}

void json_write_flag(struct json_writer *writer, const char *name, bool value)
{
    put_name(writer, name);
    buf_put_cstr(writer->out, value ? "true" : "false");
}

void json_write_null(struct json_writer *writer, const char *name)
{
    put_name(writer, name);
    buf_put(writer->out, SLICE("null"));
}

void json_write_digest(struct json_writer *writer, const char *name, const struct digest *digest)
{
    char hex[DIGEST_HEX_MAX];

    json_write_cstr(writer, name, digest_hex(digest, hex));
}

void json_write_time_us(struct json_writer *writer, const char *name, int64_t instant_us)
{
    char text[CLOCK_TEXT_MAX];

    json_write_cstr(writer, name, instant_us ? clock_format_us(instant_us, text) : NULL);
}

void json_write_texts(struct json_writer *writer, const char *name, const struct slice *texts,
                      size_t count)
{
    json_begin(writer, name, '[');
    for (size_t i = 0; i < count; i++)
        json_write_text(writer, NULL, texts[i]);
    json_end(writer, ']');
}
