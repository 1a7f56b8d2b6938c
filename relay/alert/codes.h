/*
 * codes: the code lists of CAP by name and value. Internal to the room.
 */
#ifndef CAPRELAY_ALERT_CODES_H
#define CAPRELAY_ALERT_CODES_H

#include "base/slice.h"

struct code_list {
    const char *const *names; /* by enum value; [0] is "" */
    unsigned count;
};

extern const struct code_list codes_status, codes_msg_type, codes_scope, codes_category,
    codes_response_type, codes_urgency, codes_severity, codes_certainty;

/* 0 where the name is not in the list. */
unsigned code_find(const struct code_list *list, struct slice name);
unsigned code_ifind(const struct code_list *list, struct slice name);

#endif
