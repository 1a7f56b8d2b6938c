#include "profile/rules.h"

#include "schemas.h"

const struct rule_set *const rule_sets[RULE_SETS] = {&rules_cap,       &rules_capcp, &rules_ipaws,
                                                     &rules_broadcast, &rules_nws,   &rules_eccc};

bool text_has_any(struct slice text, const char *characters)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\0' && strchr(characters, text.ptr[i]))
            return true;
    }
    return false;
}

size_t text_length(struct slice text)
{
    size_t characters = 0;
    for (size_t i = 0; i < text.len; i++)
        characters += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return characters;
}

bool text_is_one_of(struct slice text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_ieq_cstr(text, list[i]))
            return true;
    }
    return false;
}

/* UTF-8 writes U+00C0 to U+00DE as C3 80 to C3 9E, and their small letters 0x20 further. */
static unsigned char folded(const char *text, size_t at)
{
    unsigned char c = (unsigned char)text[at];
    bool latin1 = at > 0 && (unsigned char)text[at - 1] == 0xc3;
    if ((c >= 'A' && c <= 'Z') || (latin1 && c >= 0x80 && c <= 0x9e))
        return (unsigned char)(c + 0x20);
    return c;
}

bool text_is_same_name(struct slice text, const char *name)
{
    for (size_t i = 0; i < text.len; i++) {
        if (name[i] == '\0' || folded(text.ptr, i) != folded(name, i))
            return false;
    }
    return name[text.len] == '\0';
}

bool text_is_digits(struct slice text, size_t len)
{
    unsigned long long number;
    return text.len == len && slice_to_u64(text, &number);
}

bool texts_have_prefix(const struct cap_texts *texts, const char *prefix)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (slice_istarts_with(texts->items[i], prefix))
            return true;
    }
    return false;
}

size_t pairs_count(const struct cap_pairs *pairs, const char *name, bool whole)
{
    size_t count = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        struct slice found = pairs->items[i].name;
        count += whole ? slice_ieq_cstr(found, name) : slice_istarts_with(found, name);
    }
    return count;
}

const struct cap_pair *pairs_next(const struct cap_pairs *pairs, size_t *position,
                                  const char *prefix, const char *suffix)
{
    size_t len = strlen(suffix);
    while (*position < pairs->count) {
        const struct cap_pair *pair = &pairs->items[(*position)++];
        if (slice_istarts_with(pair->name, prefix) && pair->name.len >= len &&
            slice_ieq_cstr(slice_sub(pair->name, pair->name.len - len, pair->name.len), suffix))
            return pair;
    }
    return NULL;
}

bool found_pair(struct subject *subject, const struct cap_pair *pair)
{
    subject->found = pair->value;
    subject->line = pair->line;
    return true;
}

bool found_text(struct subject *subject, struct slice text)
{
    subject->found = text;
    return true;
}

bool info_has_response(const struct cap_info *info, enum cap_response_type response)
{
    for (size_t i = 0; i < info->response_type_count; i++) {
        if (info->response_types[i] == response)
            return true;
    }
    return false;
}

bool table_row(const char *name, struct slice code, size_t *row)
{
    const struct schema_table *table = schema_table_find(name);
    if (!table || !code.ptr)
        return false;
    *row = schema_row_find(table, code.ptr, code.len);
    if (*row < table->row_count)
        return true;
    for (*row = 0; *row < table->row_count; (*row)++) {
        if (slice_ieq_cstr(code, schema_cell(table, *row, 0)))
            return true;
    }
    return false;
}

static bool is_blocked(const struct cap_info *info, const char *channel)
{
    size_t position = 0;
    const struct cap_pair *pair;
    while ((pair = pairs_next(&info->parameters, &position, "BLOCKCHANNEL", "BLOCKCHANNEL"))) {
        if (slice_ieq_cstr(pair->value, channel))
            return true;
    }
    return false;
}

/* WEA is blocked by its old name. Nobody asks for it but by its own parameters, whereas EAS and
 * NWEM need an originator, and what is posted without being blocked goes to them. */
bool info_wants_channel(const struct cap_info *info, enum profile_target target,
                        const char *channels)
{
    struct slice rest = slice_from_cstr(channels), channel;
    while (slice_next_part(&rest, ',', &channel)) {
        bool wea = slice_eq_cstr(channel, "WEA");
        bool asked =
            wea ? pairs_count(&info->parameters, "WEAHandling", true) ||
                      pairs_count(&info->parameters, "CMAM", false)
                : target == PROFILE_US_POST || pairs_count(&info->parameters, "EAS-ORG", true);
        const char *block = wea ? "CMAS" : slice_eq_cstr(channel, "EAS") ? "EAS" : "NWEM";
        if (asked && !is_blocked(info, block))
            return true;
    }
    return false;
}
