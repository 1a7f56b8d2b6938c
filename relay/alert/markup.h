/*
 * markup: the tags of an XML text as bytes, for who must cut something out of it without a writer.
 * Pure.
 *
 * For text in an encoding based on ASCII. It finds where each piece begins and ends, and judges
 * nothing: whether the text is well-formed is for who reads it. Any other text gives less, and
 * harms nothing.
 */
#ifndef CAPRELAY_ALERT_MARKUP_H
#define CAPRELAY_ALERT_MARKUP_H

#include "base/slice.h"

#include <stdbool.h>

enum markup_kind {
    MARKUP_NONE = 0, /* no more; or what is next does not end, or is a DOCTYPE */
    MARKUP_START,
    MARKUP_EMPTY, /* <a/> */
    MARKUP_END,
    MARKUP_OTHER /* comment, CDATA, processing instruction, XML declaration */
};

/* One piece; [begin, end) of the text. */
struct markup {
    enum markup_kind kind;
    size_t begin, end;
};

/* The first piece at or behind `from`. */
struct markup markup_next(struct slice text, size_t from);

/* Behind the '>' of the tag that begins at `from`; one in a quoted value ends nothing. 0: it does
 * not end. */
size_t markup_tag_end(struct slice text, size_t from);

/* The name in a tag, prefix and all. */
struct slice markup_name(struct slice tag);
struct slice markup_prefix(struct slice name); /* empty: none */
struct slice markup_local(struct slice name);  /* without it */

/* The next attribute of a start tag; *at is 0 at first. The value has its quotes. False at the end,
 * or where something else stands there. */
bool markup_attribute(struct slice tag, size_t *at, struct slice *name, struct slice *value);
/* Whether that attribute declares a namespace, and for which prefix; empty: the default one. */
bool markup_declares(struct slice attribute, struct slice *prefix);

enum { MARKUP_BINDINGS_MAX = 256 }; /* more are passed over */

/* The namespaces that are declared where one stands; lent from the text. Zeroed at first. */
struct markup_scope {
    struct markup_binding {
        struct slice prefix, uri; /* with its quotes */
        size_t depth;
    } bindings[MARKUP_BINDINGS_MAX];
    size_t count, depth;
};

/* Adds what that start tag declares, for the depth that one is at. */
void markup_bind(struct markup_scope *scope, struct slice tag);
/* An element begins, and ends: what it declared goes with it. */
void markup_enter(struct markup_scope *scope, struct slice tag);
void markup_leave(struct markup_scope *scope);
/* What the prefix stands for; NULL: nobody says so. */
const struct markup_binding *markup_bound(const struct markup_scope *scope, struct slice prefix);

/* The XML declaration where it names an encoding that is not what is taken for granted: without it,
 * what is cut out would be read in another one. Else absent. */
struct slice markup_foreign_declaration(struct slice text);

#endif
