#include "alert/text.h"

size_t text_utf8_at(struct slice text, size_t at, uint32_t *code)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    const unsigned char *bytes = (const unsigned char *)text.ptr + at;
    size_t len = 0;
    while (len < 4 && (bytes[0] & forms[len].mask) != forms[len].lead)
        len++;
    if (len == 4 || text.len - at < len + 1)
        return 0;
    uint32_t value = bytes[0] & (unsigned char)~forms[len].mask;
    for (size_t i = 1; i <= len; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3f);
    }
    if (value < forms[len].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *code = value;
    return len + 1;
}

bool text_is_xml_char(uint32_t code)
{
    if (code < 0x20)
        return code == '\t' || code == '\n' || code == '\r';
    return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) && code != 0xfffe &&
           code != 0xffff;
}

struct slice text_clip(struct slice text, size_t max_bytes)
{
    if (text.len <= max_bytes)
        return text;
    size_t end = max_bytes;
    while (end > 0 && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
        end--;
    return slice_sub(text, 0, end);
}

void text_copy_line(char *out, size_t out_size, const char *text)
{
    struct slice line = slice_of(text ? text : "", strcspn(text ? text : "", "\r\n"));
    size_t len = 0;
    for (size_t at = 0, step; at < line.len && len + 4 < out_size; at += step) {
        uint32_t code;
        step = text_utf8_at(line, at, &code);
        memcpy(out + len, line.ptr + at, step);
        len += step;
        step += step == 0;
    }
    out[len] = '\0';
}
