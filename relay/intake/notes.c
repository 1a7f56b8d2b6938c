/* What was found and remarked, as JSON; written directly, since every alert pays for it. */
#include "intake/passage.h"

/* Beyond this further items are left out: a receipt must fit its header. */
enum { NOTES_BYTES_SOFT = 256 * 1024, NOTES_BYTES_MAX = 16 * 1024 * 1024, TEXT_BYTES_MAX = 2000 };

/* By the first byte: how long a UTF-8 sequence is, and between what its second byte must lie (RFC
 * 3629). */
static const struct lead {
    unsigned char first, last, len, second_low, second_high;
} leads[] = {
    {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static bool follows(const struct lead *lead, struct slice s, size_t at)
{
    if (at + lead->len > s.len)
        return false;
    for (size_t i = 1; i < lead->len; i++) {
        unsigned char c = (unsigned char)s.ptr[at + i];
        if (c < (i == 1 ? lead->second_low : 0x80) || c > (i == 1 ? lead->second_high : 0xbf))
            return false;
    }
    return true;
}

/* Length of the sequence at `at`, 0 where it is none. */
static size_t sequence_len(struct slice s, size_t at)
{
    unsigned char c = (unsigned char)s.ptr[at];
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
        if (c >= leads[i].first && c <= leads[i].last)
            return follows(&leads[i], s, at) ? leads[i].len : 0;
    return 0;
}

static void put_text(struct buf *out, struct slice text)
{
    text = slice_sub(text, 0, TEXT_BYTES_MAX);
    buf_put_char(out, '"');
    for (size_t i = 0; i < text.len;) {
        size_t len = sequence_len(text, i);
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            buf_put_char(out, '\\');
        if (!len)
            buf_put_char(out, '?');
        else if (c < 0x20)
            buf_printf(out, "\\u%04x", c);
        else
            buf_put(out, slice_sub(text, i, i + len));
        i += len ? len : 1;
    }
    buf_put_char(out, '"');
}

static void put_member(struct buf *out, const char *separator, const char *name, struct slice text)
{
    buf_printf(out, "%s\"%s\":", separator, name);
    if (text.ptr)
        put_text(out, text);
    else
        buf_put_cstr(out, "null");
}

static bool put_more(struct buf *out, size_t index)
{
    if (out->len > NOTES_BYTES_SOFT)
        return false;
    if (index)
        buf_put_char(out, ',');
    return true;
}

static void put_findings(struct buf *out, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count && put_more(out, i); i++) {
        const struct finding *finding = &findings->items[i];
        put_member(out, "{", "rule", slice_from_cstr(finding->rule));
        put_member(out, ",", "severity", slice_from_cstr(finding_severity_name(finding->severity)));
        put_member(out, ",", "where", finding->where);
        buf_printf(out, ",\"line\":%u", finding->line);
        put_member(out, ",", "text", finding->text);
        buf_put_char(out, '}');
    }
}

static void put_note(struct buf *out, struct slice where, struct slice code, struct slice text,
                     enum side side)
{
    put_member(out, "{", "where", where);
    put_member(out, ",", "code", code);
    put_member(out, ",", "text", text);
    if (side)
        put_member(out, ",", "side", slice_from_cstr(side_name(side)));
    buf_put_char(out, '}');
}

static void put_remarks(struct buf *out, const struct passage *passage)
{
    for (size_t i = 0; i < passage->remark_count && put_more(out, i); i++)
        put_note(out, passage->remarks[i].where, passage->remarks[i].code, passage->remarks[i].text,
                 SIDE_NONE);
}

static void put_translation_notes(struct buf *out, const struct passage *passage)
{
    size_t index = 0;
    for (size_t i = 0; i < passage->leg_count; i++) {
        const struct leg *leg = &passage->legs[i];
        for (size_t k = 0; leg->crosses && k < leg->translation.notes.count; k++) {
            const struct note *note = &leg->translation.notes.items[k];
            if (!put_more(out, index++))
                return;
            put_note(out, note->where, slice_from_cstr(note->code), note->text, leg->side);
        }
    }
}

static void put_signature(struct buf *out, const struct passage *passage)
{
    const struct origin *signature = &passage->signature;
    if (!passage->has_signature)
        return;
    put_member(out, ",\"signature\":{", "verdict",
               slice_from_cstr(origin_verdict_name(signature->verdict)));
    put_member(out, ",", "signer", signature->signer);
    put_member(out, ",", "text", signature->text);
    buf_put_char(out, '}');
}

struct slice notes_json(const struct passage *passage)
{
    struct buf out;
    buf_init(&out, NOTES_BYTES_MAX);
    buf_put_cstr(&out, "{\"findings\":[");
    if (passage->alert)
        put_findings(&out, &passage->alert->findings);
    buf_put_cstr(&out, "],\"remarks\":[");
    put_remarks(&out, passage);
    buf_put_cstr(&out, "],\"notes\":[");
    put_translation_notes(&out, passage);
    buf_put_char(&out, ']');
    put_signature(&out, passage);
    buf_put_char(&out, '}');
    struct slice text = arena_copy(passage->arena, buf_slice(&out));
    buf_fini(&out);
    return text;
}
