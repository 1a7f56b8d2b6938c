/*
 * embedded: what embed.py generates, for schemas.c alone.
 */
#ifndef CAPRELAY_CAP_SCHEMAS_EMBEDDED_H
#define CAPRELAY_CAP_SCHEMAS_EMBEDDED_H

#include "schemas.h"

/* Both sorted by name. */
extern const struct schema_text embedded_texts[];
extern const size_t embedded_text_count;
extern const struct schema_table embedded_tables[];
extern const size_t embedded_table_count;

#endif
