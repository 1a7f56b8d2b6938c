#include "profile/rules.h"

bool text_has_any(struct slice text, const char *characters)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\0' && strchr(characters, text.ptr[i]))
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

bool texts_have_prefix(const struct cap_texts *texts, const char *prefix)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (slice_istarts_with(texts->items[i], prefix))
            return true;
    }
    return false;
}
