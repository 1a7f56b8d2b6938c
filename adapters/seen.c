#include "adapters/seen.h"

#include <stdio.h>

struct place {
    char key[16];
    char item[SEEN_ITEM]; /* 16 hexadecimal digits */
    struct slice items;   /* those kept there; lent until the next look at a mark */
};

static struct place find(struct host *host, struct slice id)
{
    struct place place = {.items = SLICE("")};
    struct digest digest = digest_of(id);
    snprintf(place.key, sizeof place.key, "seen %02x%02x", digest.bytes[0], digest.bytes[1]);
    hex_encode(digest.bytes + 2, (SEEN_ITEM - 1) / 2, place.item);
    host_mark(host, slice_from_cstr(place.key), &place.items);
    return place;
}

bool seen_before(struct host *host, struct slice id)
{
    struct place place = find(host, id);
    return place.items.len > 0 && slice_find(place.items, place.item) >= 0;
}

/* The newest first; what no longer fits is the oldest. */
void seen_make(struct host *host, struct slice id, struct seen_mark *mark)
{
    struct place place = find(host, id);
    memcpy(mark->key, place.key, sizeof mark->key);
    snprintf(mark->value, sizeof mark->value, "%s %.*s", place.item, SLICE_ARG(place.items));
}

void seen_put(const struct seen_mark *mark, struct adapter_document *document)
{
    document->mark_key = slice_from_cstr(mark->key);
    document->mark_value = slice_from_cstr(mark->value);
}
