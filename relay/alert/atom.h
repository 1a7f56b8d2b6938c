/*
 * atom: what the entries of an Atom feed say, for who follows their links (RFC 4287; GeoRSS).
 *
 * NWS and NAAD index CAP alerts in feeds, MASAS puts incident information into them. Alerts in
 * entries are read by parse.h. Pure; everything is in the arena; the same limits as there, no
 * DOCTYPE. Hrefs are as written, not resolved against a base.
 */
#ifndef CAPRELAY_ALERT_ATOM_H
#define CAPRELAY_ALERT_ATOM_H

#include "alert/alert.h"
#include "base/err.h"

#define ATOM_NAMESPACE "http://www.w3.org/2005/Atom"

enum { ATOM_ENTRIES_MAX = 10000 };

struct atom_link {
    struct slice href;
    struct slice rel;  /* absent means alternate */
    struct slice type; /* as written */
    struct slice title;
    struct slice length; /* bytes, as written */
    bool is_cap;         /* its type is one of CAP's */
};

struct atom_category {
    struct slice scheme; /* may be absent */
    struct slice term;
    unsigned line;
};

struct atom_author {
    struct slice name, email, uri;
};

struct atom_entry {
    struct slice id;
    struct slice title;        /* all of its text */
    struct cap_time updated;   /* fractions of a second are dropped */
    struct atom_author author; /* that of the feed where the entry has none */
    struct atom_link *links;
    size_t link_count;
    struct atom_category *categories;
    size_t category_count;
    struct cap_area shape; /* what GeoRSS or GML says; empty where nothing */
    bool holds_cap;        /* a CAP alert is inside */
    unsigned line;
};

struct atom_feed {
    struct slice id;
    struct cap_time updated;
    struct atom_entry *entries;
    size_t count;
    size_t left_out; /* entries beyond ATOM_ENTRIES_MAX */
};

/* A document whose root is a feed or an entry. ERR_INVALID with line and cause otherwise. */
enum err_code atom_read(struct arena *arena, struct slice bytes, struct atom_feed *out,
                        struct err *err);

/* The first link that leads to CAP by its type, else NULL. */
const struct atom_link *atom_cap_link(const struct atom_entry *entry);

#endif
