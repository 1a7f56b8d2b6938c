/*
 * What the files of this room share: the tree that YAML is read into, and the reading of one
 * scalar.
 */
#ifndef CAPRELAY_CONF_INTERNAL_H
#define CAPRELAY_CONF_INTERNAL_H

#include "conf/conf.h"

enum conf_kind { CONF_SCALAR, CONF_SEQUENCE, CONF_MAPPING };

struct conf_doc {
    struct arena *arena;
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
    struct conf_node *first;
    struct conf_node *last;
    struct conf_node *next;
    size_t count;
};

const struct conf_node *conf_child(const struct conf_node *map, struct slice key);

/* Refuses the node itself: FILE:LINE: path.of.it: ... */
enum err_code conf_refuse(const struct conf_node *node, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads one scalar of that row into *out. */
enum err_code conf_scalar(const struct conf_node *node, const struct conf_row *row, void *out,
                          struct err *err);

#endif
