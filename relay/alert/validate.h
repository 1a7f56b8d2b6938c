/*
 * validate: the schemas of the three versions. Internal to the room.
 *
 * Compiled once, then only read: safe from several threads.
 */
#ifndef CAPRELAY_ALERT_VALIDATE_H
#define CAPRELAY_ALERT_VALIDATE_H

#include "alert/read.h"
#include "base/err.h"

#include <libxml/xmlschemas.h>

struct schemas {
    xmlSchema *by_version[CAP_1_2 + 1];
};

enum err_code schemas_init(struct schemas *schemas, struct err *err);
void schemas_fini(struct schemas *schemas);

/* Whether an element is valid by the schema of that version; each fault goes to `fault`. */
typedef void (*schema_fault_fn)(void *context, const xmlNode *node, unsigned line,
                                const char *message);
bool schemas_validate(const struct schemas *schemas, enum cap_version version, xmlNode *element,
                      schema_fault_fn fault, void *context);

/* Sets schema_valid and adds the faults to the alert's findings. */
void validate_alert(const struct schemas *schemas, struct reader *r, xmlNode *element);

#endif
