/*
 * listing: one page of the API's list of alerts (GeoJSON or Atom), as identifiers. Pure.
 *
 * Only what is needed to fetch each alert's own CAP is read: a list embeds a part of CAP at best.
 */
#ifndef CAPRELAY_ADAPTERS_NWS_LISTING_H
#define CAPRELAY_ADAPTERS_NWS_LISTING_H

#include "base/arena.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { NWS_ID_MAX = 400, NWS_ENTRIES_MAX = 20000 };

struct nws_entry {
    struct slice id; /* urn:oid:2.49.0.1.840.0...; the last part of the alert's address */
    int64_t sent_s;  /* 0: not said */
};

struct nws_listing {
    struct nws_entry *entries;
    size_t count;
    size_t nameless;   /* entries without an identifier that could be asked for */
    struct slice next; /* the next page's address, as written; absent on the last */
};

/* Everything is copied into the arena. ERR_INVALID: not such a list; ERR_LIMIT: too many entries.
 */
enum err_code nws_listing_read(struct arena *arena, struct slice json, struct nws_listing *out,
                               struct err *err);

/* The same from an Atom feed, which knows no further pages. */
enum err_code nws_listing_read_atom(struct arena *arena, struct slice xml, struct nws_listing *out,
                                    struct err *err);

#endif
