/*
 * body: what of a bulletin is delivered, and how a file with a secret is read; for every kind.
 */
#ifndef CAPRELAY_OUTLETS_BODY_H
#define CAPRELAY_OUTLETS_BODY_H

#include "outlets/outlet.h"

enum outlet_body {
    OUTLET_BODY_JSON = 0, /* header, derived message and original in one JSON object */
    OUTLET_BODY_DERIVED,  /* the translated CAP message alone */
    OUTLET_BODY_BULLETIN  /* the packet frame as on the feed: signed, with the original */
};

/* "json", "derived", "bulletin": for option rows. */
extern const struct conf_choice outlet_body_choices[];

/* In the arena, or lent from the bulletin. `content_type` is constant. */
struct slice outlet_body_make(struct arena *arena, enum outlet_body body,
                              const struct outlet_bulletin *bulletin, const char **content_type);

enum { OUTLET_SECRET_BYTES = 1024 };

/* The file's bytes without the white space around them, as text. `min` bytes at least. A file that
 * others than its owner and group may read is refused. */
enum err_code outlet_secret_read(struct slice path, size_t min, char out[OUTLET_SECRET_BYTES + 1],
                                 struct err *err);

#endif
