#include "alert/repair.h"

#include "alert/scan.h"
#include "alert/text.h"

static bool starts_markup(struct slice s, size_t at)
{
    if (s.ptr[at] != '<' || at + 1 >= s.len)
        return false;
    unsigned char c = (unsigned char)s.ptr[at + 1];
    return c == '?' || c == '!' || c == '/' || c == '_' || c == ':' || c >= 0x80 ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static ptrdiff_t find_markup(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (starts_markup(s, i))
            return (ptrdiff_t)i;
    }
    return -1;
}

/* Leaves *s at the root element's start tag, behind declaration, instructions and comments; false
 * where there is none. */
static bool skip_prolog(struct slice *s)
{
    for (ptrdiff_t at = find_markup(*s); at >= 0; at = find_markup(*s)) {
        *s = slice_sub(*s, (size_t)at, s->len);
        const char *end = slice_starts_with(*s, "<?")     ? "?>"
                          : slice_starts_with(*s, "<!--") ? "-->"
                                                          : NULL;
        if (!end)
            return s->ptr[1] != '!' && s->ptr[1] != '/';
        ptrdiff_t found = slice_find(*s, end);
        if (found < 0)
            return false;
        *s = slice_sub(*s, (size_t)found + strlen(end), s->len);
    }
    return false;
}

static struct slice root_name(struct slice start_tag)
{
    size_t end = 1;
    while (end < start_tag.len && !slice_is_xml_space(start_tag.ptr[end]) &&
           start_tag.ptr[end] != '>' && start_tag.ptr[end] != '/')
        end++;
    return slice_sub(start_tag, 1, end);
}

/* Length up to the end of the last `</name>`; 0 where there is none. */
static size_t end_of_last_tag(struct slice s, struct slice name)
{
    for (size_t i = s.len; i-- > 0;) {
        if (s.ptr[i] != '<' || s.len - i < name.len + 3 || s.ptr[i + 1] != '/' ||
            !slice_eq(slice_sub(s, i + 2, i + 2 + name.len), name))
            continue;
        size_t end = i + 2 + name.len;
        while (end < s.len && slice_is_xml_space(s.ptr[end]))
            end++;
        if (end < s.len && s.ptr[end] == '>')
            return end + 1;
    }
    return 0;
}

/*
 * What lies outside the root element, and nothing else: a transmission's framing, a BOM, white
 * space. Where markup follows the root element's end there is a second message or a piece of one,
 * and cutting it off would lose it in silence.
 */
static struct slice trim_outside(struct slice bytes)
{
    ptrdiff_t begin = find_markup(bytes);
    if (begin < 0)
        return bytes;
    struct slice document = slice_sub(bytes, (size_t)begin, bytes.len);
    struct slice root = document;
    if (!skip_prolog(&root))
        return document;
    size_t end = end_of_last_tag(root, root_name(root));
    struct slice behind = slice_sub(root, end, root.len);
    if (end == 0 || find_markup(behind) >= 0)
        return document;
    return slice_sub(document, 0, document.len - behind.len);
}

static unsigned count_lines(const char *begin, const char *end)
{
    unsigned count = 0;
    for (const char *p = begin; p < end; p++)
        count += *p == '\n';
    return count;
}

static bool is_utf8_name(struct slice name)
{
    return name.len == 0 || slice_ieq_cstr(name, "UTF-8") || slice_ieq_cstr(name, "UTF8") ||
           slice_ieq_cstr(name, "US-ASCII") || slice_ieq_cstr(name, "ASCII");
}

/* With such a label the declaration itself could not have been read as it was. */
static bool is_wide_name(struct slice name)
{
    return slice_istarts_with(name, "UTF-16") || slice_istarts_with(name, "ISO-10646-UCS") ||
           slice_istarts_with(name, "UCS-");
}

static void put_utf8(struct buf *out, uint32_t code)
{
    if (code < 0x80) {
        buf_put_char(out, (char)code);
    } else if (code < 0x800) {
        buf_put_char(out, (char)(0xc0 | code >> 6));
        buf_put_char(out, (char)(0x80 | (code & 0x3f)));
    } else {
        buf_put_char(out, (char)(0xe0 | code >> 12));
        buf_put_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buf_put_char(out, (char)(0x80 | (code & 0x3f)));
    }
}

static uint32_t windows_1252_char(unsigned char byte)
{
    static const uint16_t high[32] = {
        0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178};
    return byte >= 0x80 && byte < 0xa0 ? high[byte - 0x80] : byte;
}

/* Length of a character reference at the front whose character XML cannot carry; 0 where there is
 * none. */
static size_t bad_reference(struct slice s)
{
    if (s.len < 4 || s.ptr[0] != '&' || s.ptr[1] != '#')
        return 0;
    bool hex = s.ptr[2] == 'x';
    size_t begin = hex ? 3 : 2, at = begin;
    uint32_t code = 0;
    for (; at < s.len && at < begin + 8; at++) {
        char c = s.ptr[at];
        int digit = c >= '0' && c <= '9'          ? c - '0'
                    : hex && c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : hex && c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                  : -1;
        if (digit < 0)
            break;
        code = code * (hex ? 16 : 10) + (uint32_t)digit;
    }
    bool complete = at > begin && at < s.len && s.ptr[at] == ';';
    return complete && !text_is_xml_char(code) ? at + 1 : 0;
}

/* Takes one character off the front of the input; the count of bytes taken. */
static size_t mend_char(struct repair *repair, struct slice in, bool utf8)
{
    size_t reference = bad_reference(in);
    if (reference) {
        repair->dropped++;
        return reference;
    }
    uint32_t code = (unsigned char)in.ptr[0];
    size_t len = utf8 ? text_utf8_at(in, 0, &code) : 1;
    if (len == 0) {
        repair->windows_1252++;
        put_utf8(&repair->bytes, windows_1252_char((unsigned char)in.ptr[0]));
        return 1;
    }
    if (text_is_xml_char(code))
        buf_put(&repair->bytes, slice_sub(in, 0, len));
    else
        repair->dropped++;
    return len;
}

/* Bytes that need a look are rare: what lies between them is copied in one piece. */
static size_t plain_run(struct slice in)
{
    size_t len = 0;
    while (len < in.len && (unsigned char)in.ptr[len] < 0x80 &&
           (unsigned char)in.ptr[len] >= 0x20 && in.ptr[len] != '&')
        len++;
    return len;
}

bool repair_init(struct repair *repair, struct slice bytes)
{
    *repair = (struct repair){0};
    buf_init(&repair->bytes, 3 * bytes.len);
    struct slice in = trim_outside(bytes);
    repair->trimmed = bytes.len - in.len;
    repair->line_offset = count_lines(bytes.ptr, in.ptr);
    struct slice declared = scan_declared_encoding(in);
    repair->relabelled = is_wide_name(declared);
    bool utf8 = is_utf8_name(declared) || repair->relabelled;
    repair->encoding = utf8 ? "UTF-8" : NULL;
    while (in.len) {
        size_t run = plain_run(in);
        if (run)
            buf_put(&repair->bytes, slice_sub(in, 0, run));
        else
            run = mend_char(repair, in, utf8);
        in = slice_sub(in, run, in.len);
    }
    return repair->relabelled || repair->trimmed || repair->windows_1252 || repair->dropped;
}

void repair_fini(struct repair *repair)
{
    buf_fini(&repair->bytes);
}
