/*
 * body: what of a bulletin is delivered, for every kind.
 */
#ifndef CAPRELAY_OUTLETS_BODY_H
#define CAPRELAY_OUTLETS_BODY_H

#include "outlets/outlet.h"

enum outlet_body {
    OUTLET_BODY_JSON = 0, /* header, derived message and original in one JSON object */
    OUTLET_BODY_DERIVED,  /* the translated CAP message alone */
    OUTLET_BODY_BULLETIN  /* the packet frame as on the feed: signed, with the original */
};

/* "json", "derived", "bulletin" */
extern const struct conf_choice outlet_body_choices[];
/* The row of a kind's options; `place` is its `.offset = ...`, of an int. */
#define OUTLET_BODY_ROW(place)                                                                     \
    {                                                                                              \
        .name = "body", .type = CONF_CHOICE, place, .fallback = "json",                            \
        .choices = outlet_body_choices,                                                            \
        .help = "json: header, derived message and original (base64) in one object; derived: the " \
                "translated CAP message alone; bulletin: the signed packet as on the feed."        \
    }

/* In the arena, or lent from the bulletin. `content_type` is constant. */
struct slice outlet_body_make(struct arena *arena, enum outlet_body body,
                              const struct outlet_bulletin *bulletin, const char **content_type);

#endif
