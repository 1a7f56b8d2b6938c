/*
 * edxl: EDXL-DE 1.0 and 2.0 envelopes. Internal to the room.
 *
 * Sources: OASIS EDXL-DE-V1.0 and edxl-de-v2.0. Elements of 2.0 have the names of 1.0 with a
 * capital and hold their values in a `Value`.
 */
#ifndef CAPRELAY_ALERT_EDXL_H
#define CAPRELAY_ALERT_EDXL_H

#include "alert/envelope.h"

bool edxl_is_distribution(const xmlNode *node);
bool edxl_is_content(const xmlNode *node);

/* What an EDXLDistribution, or the contentObject in one, says of what is inside. */
struct envelope *edxl_read_distribution(struct arena *arena, const xmlNode *node,
                                        unsigned line_offset);
struct envelope *edxl_read_content(struct arena *arena, const xmlNode *node, unsigned line_offset);

/* A finding about a contentObject that holds no CAP alert. */
void edxl_find_other_content(struct reader *r, const xmlNode *node);

#endif
