/*
 * What the files of this room share: the tree that YAML is read into, and the reading of one
 * scalar.
 */
#ifndef CAPRELAY_CONF_INTERNAL_H
#define CAPRELAY_CONF_INTERNAL_H

#include "conf/conf.h"

enum conf_kind { CONF_SCALAR, CONF_SEQUENCE, CONF_MAPPING };

/* One thing that was refused. */
struct conf_fault {
    struct conf_fault *next;
    const struct conf_node *node; /* of the document: where it was, or what lacks it */
    unsigned line;
    struct slice text; /* FILE:LINE: key: ... */
};

struct conf_faults {
    struct conf_fault *first; /* by line */
    size_t count;             /* of those that are not kept too */
};

struct conf_doc {
    struct arena *arena;
    struct conf_faults *faults;
    struct slice path;
    struct slice folder; /* absolute */
    struct conf_node *root;
};

struct conf_node {
    const struct conf_doc *doc;
    const struct conf_node *parent;
    enum conf_kind kind;
    unsigned line;    /* of the value */
    struct slice key; /* in a mapping */
    unsigned key_line;
    size_t index; /* in a sequence */
    struct slice text;
    bool quoted;
    bool unread; /* an alias: refused already, and nothing to read */
    struct conf_node *first;
    struct conf_node *last;
    struct conf_node *next;
    size_t count;
};

const struct conf_node *conf_child(const struct conf_node *map, struct slice key);
/* By a dotted key; NULL where it is absent. */
const struct conf_node *conf_find(const struct conf_node *map, const char *key);

/* "keys.actual: ...", where the rows name that. */
bool conf_begins_with_key(const struct err *err, const struct conf_row *rows);

/* Takes what is there of "keys.actual" off the key's front and returns the innermost of it; the key
 * is NULL where all of it is there, and may be NULL. */
const struct conf_node *conf_innermost(const struct conf_node *node, const char **key);

/* As conf_doc_parse(), but *out is there wherever the text is YAML: without OK for who goes on to
 * tell what else is wrong. */
enum err_code conf_doc_inspect(const char *path, struct slice text, struct conf_doc **out,
                               struct err *err);

/* The same of a file (at most 1 MiB). */
enum err_code conf_doc_load(const char *path, struct conf_doc **out, struct err *err);

/* Keeps what was refused of the node (NULL: of none); twice the same text counts once. */
void conf_record(const struct conf_doc *doc, const struct conf_node *node, unsigned line,
                 struct slice text);

/* Refuses the node itself: FILE:LINE: path.of.it: ... */
enum err_code conf_refuse(const struct conf_node *node, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for its key, which is not known. */
enum err_code conf_refuse_key(const struct conf_node *node, struct err *err, const char *format,
                              ...) __attribute__((format(printf, 3, 4)));

/* Reads one scalar of that row into *out. */
enum err_code conf_scalar(const struct conf_node *node, const struct conf_row *row, void *out,
                          struct err *err);

#endif
