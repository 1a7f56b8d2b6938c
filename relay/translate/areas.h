/*
 * areas: where one area lies, from its shapes or, without any, from its geocodes. Only for
 * relay/translate.
 */
#ifndef CAPRELAY_TRANSLATE_AREAS_H
#define CAPRELAY_TRANSLATE_AREAS_H

#include "translate/internal.h"

struct place {
    struct geo_shape shape; /* of the source, or of its geocodes */
    bool known;             /* the shape has parts */
    bool from_geocodes;
    bool national;
    bool coarse;         /* a wider unit stands in for one of the codes */
    size_t unknown;      /* codes of the chosen scheme without boundary */
    struct slice scheme; /* valueName of the geocodes that gave the shape */
};

struct place place_of(struct work *work, const struct cap_area *area);

/* Writes the place's shape into the derived area, within the target's limit of vertices. */
void shape_write(struct work *work, const char *path, const struct place *place,
                 struct cap_area *area);

#endif
