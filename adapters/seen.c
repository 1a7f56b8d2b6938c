#include "adapters/seen.h"

#include <stdio.h>

struct place {
    char key[16];
    char item[SEEN_ITEM]; /* 16 hexadecimal digits */
};

static struct place place_of(struct slice id)
{
    struct place place;
    struct digest digest = digest_of(id);
    snprintf(place.key, sizeof place.key, "seen %02x%02x", digest.bytes[0], digest.bytes[1]);
    hex_encode(digest.bytes + 2, (SEEN_ITEM - 1) / 2, place.item);
    return place;
}

bool seen_before(struct host *host, struct slice id)
{
    struct place place = place_of(id);
    struct slice items;
    return host_mark(host, slice_from_cstr(place.key), &items) &&
           slice_find(items, place.item) >= 0;
}

/* The newest first; what no longer fits is the oldest. Items on their way count: this mark is
 * stored after theirs. */
void seen_make(struct host *host, struct slice id, struct seen_mark *mark)
{
    struct place place = place_of(id);
    struct slice items = SLICE("");
    host_mark_to_come(host, slice_from_cstr(place.key), &items);
    memcpy(mark->key, place.key, sizeof mark->key);
    snprintf(mark->value, sizeof mark->value, "%s %.*s", place.item, SLICE_ARG(items));
}

void seen_put(const struct seen_mark *mark, struct adapter_document *document)
{
    document->mark_key = slice_from_cstr(mark->key);
    document->mark_value = slice_from_cstr(mark->value);
}
