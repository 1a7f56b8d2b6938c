/*
 * fields: the content of single CAP elements to values of the model. Internal to the room.
 */
#ifndef CAPRELAY_ALERT_FIELDS_H
#define CAPRELAY_ALERT_FIELDS_H

#include "alert/codes.h"
#include "alert/read.h"

/* One code list as an element of the model. */
struct code_field {
    const struct code_list *list;
    const char *rule_unknown; /* finding for a value that is not in the list */
    unsigned fallback;        /* what such a value is read as; 0 leaves it out */
    bool exact;               /* status, msgType and scope: `ACTUAL` is not Actual */
};

/* All of the text below the element, trimmed, in the arena; absent where there is none. */
struct slice field_words(struct reader *r, const xmlNode *node);
struct cap_time field_time(struct reader *r, const xmlNode *node);
unsigned field_code(struct reader *r, const xmlNode *node, const struct code_field *field);
/* Space separated items, quoted where they hold white space. */
struct cap_texts field_quoted_items(struct reader *r, const xmlNode *node);
void field_references(struct reader *r, const xmlNode *node);
void field_polygon(struct reader *r, const xmlNode *node, struct cap_area *area);
void field_circle(struct reader *r, const xmlNode *node, struct cap_area *area);

/* The same from CAP's notation in the arena, for shapes that were written in another one; `node` is
 * the place of findings. */
void shape_add_polygon(struct reader *r, const xmlNode *node, struct slice text,
                       struct cap_area *area);
void shape_add_circle(struct reader *r, const xmlNode *node, struct slice text,
                      struct cap_area *area);
/* Takes the next number, behind blanks and commas, off the front; false at the end or at something
 * else (then *rest is not empty). */
bool shape_next_number(struct slice *rest, double *value);

/* The next free item of an array of `*count` items that doubles; the item is zeroed. */
void *field_append(struct reader *r, void *items_pointer, size_t *count, size_t item_size);

#endif
