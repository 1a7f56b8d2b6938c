/*
 * atom: what the entries of an Atom feed say, for who follows their links (RFC 4287; GeoRSS).
 *
 * NWS and NAAD index CAP alerts in feeds, MASAS puts incident information into them. Alerts in
 * entries are read by parse.h. Pure; everything is in the arena, but what is said to be lent from
 * the bytes; the same limits as there, no DOCTYPE. Hrefs are as written, not resolved against a
 * base.
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
    struct slice version;      /* `updated`, else `published`, as written; absent for none */
    struct cap_time expires;   /* of the Atom age extension; not set where it does not say */
    struct atom_author author; /* that of the feed where the entry has none */
    struct atom_link *links;
    size_t link_count;
    struct atom_category *categories;
    size_t category_count;
    struct cap_area shape; /* what GeoRSS or GML says; empty where nothing */
    bool holds_cap;        /* a CAP alert is inside */
    bool is_incident;      /* no CAP, in it or behind a link, but what an alert is made of */
    unsigned line;
    /* As received, lent from the bytes; absent where they cannot be cut (UTF-16 and the like). */
    struct slice bytes;
};

/* An entry that is gone (RFC 6721). */
struct atom_deleted {
    struct slice id;
    struct slice when;  /* as written */
    struct slice bytes; /* as received, lent from the bytes; absent where they cannot be cut */
};

struct atom_feed {
    struct slice id;
    struct cap_time updated;
    struct atom_entry *entries;
    size_t count;
    size_t left_out; /* entries beyond ATOM_ENTRIES_MAX */
    struct atom_deleted *deleted;
    size_t deleted_count;
    struct slice next; /* href of the page with older entries; absent on the last */
    /* For atom_document(); lent from the bytes. */
    struct slice head, author, tail;
};

/* A document whose root is a feed or an entry. ERR_INVALID with line and cause otherwise. */
enum err_code atom_read(struct arena *arena, struct slice bytes, struct atom_feed *out,
                        struct err *err);

/* The first link that leads to CAP by its type, else NULL. */
const struct atom_link *atom_cap_link(const struct atom_entry *entry);

/* Whether the message of that entry is what the link leads to: CAP by its type, and where no link
 * says so, an XML enclosure or a name that ends in .cap. Links to edit the entry are none; where
 * the CAP is an enclosure, no other link is needed. */
bool atom_is_message_link(const struct atom_entry *entry, const struct atom_link *link);

/* An entry as a document of its own, in the arena: the feed as it was received without what is
 * about others, so that signatures hold and no namespace, language or author is lost: start tag,
 * author, entry and end tag. Absent where the bytes cannot be cut. */
struct slice atom_document(struct arena *arena, const struct atom_feed *feed,
                           const struct atom_entry *entry);
/* The same of an entry that is gone. `last`: the entry as it was before, from atom_entry.bytes, so
 * that it can still be said whose it was; absent where that is not known. */
struct slice atom_deleted_document(struct arena *arena, const struct atom_feed *feed,
                                   const struct atom_deleted *deleted, struct slice last);

#endif
