#include "intake/verdict.h"

static const char *const names[VERDICT_COUNT] = {
    [VERDICT_NONE] = "",
    [VERDICT_RELAYED] = "relayed",
    [VERDICT_CONFLICT] = "conflict",
    [VERDICT_DUPLICATE] = "duplicate",
    [VERDICT_IRRELEVANT] = "irrelevant",
    [VERDICT_EXPIRED] = "expired",
    [VERDICT_NOT_PUBLISHED] = "not-published",
    [VERDICT_HEARTBEAT] = "heartbeat",
    [VERDICT_LOOP] = "loop",
    [VERDICT_REFUSED] = "refused",
    [VERDICT_UNREADABLE] = "unreadable",
};

const char *verdict_name(enum verdict verdict)
{
    return names[verdict];
}

struct slice verdict_slice(enum verdict verdict)
{
    return slice_from_cstr(names[verdict]);
}

enum verdict verdict_from_name(struct slice name)
{
    for (unsigned i = VERDICT_NONE + 1; i < VERDICT_COUNT; i++)
        if (slice_eq_cstr(name, names[i]))
            return (enum verdict)i;
    return VERDICT_NONE;
}

bool verdict_is_alarm(struct slice verdict)
{
    return slice_eq_cstr(verdict, names[VERDICT_REFUSED]) ||
           slice_eq_cstr(verdict, names[VERDICT_UNREADABLE]);
}
