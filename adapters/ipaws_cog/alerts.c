#include "adapters/ipaws_cog/alerts.h"

#include "base/mem.h"

#include <stdlib.h>

static void free_alert(void *value)
{
    struct cog_alert *alert = value;
    free(alert->id);
    free(alert);
}

void cog_alerts_init(struct cog_alerts *alerts)
{
    *alerts = (struct cog_alerts){.by_id = map_create()};
}

void cog_alerts_fini(struct cog_alerts *alerts)
{
    map_destroy(alerts->by_id, free_alert);
    *alerts = (struct cog_alerts){0};
}

void cog_alerts_begin(struct cog_alerts *alerts)
{
    alerts->answer++;
}

struct cog_alert *cog_alerts_see(struct cog_alerts *alerts, struct slice id)
{
    struct cog_alert *alert = map_get(alerts->by_id, id);
    if (alert)
        alert->seen = alerts->answer;
    return alert;
}

struct cog_alert *cog_alerts_add(struct cog_alerts *alerts, struct slice id, bool settled)
{
    struct cog_alert *alert = mem_alloc(sizeof *alert);
    alert->id = mem_alloc(id.len + 1);
    memcpy(alert->id, id.ptr, id.len);
    alert->settled = settled;
    alert->seen = alerts->answer;
    map_put(alerts->by_id, id, alert);
    return alert;
}

/* The map must not change while it is walked: one at a time. */
static struct cog_alert *next_forgettable(const struct cog_alerts *alerts, size_t *position)
{
    struct slice id;
    void *value;
    while (map_next(alerts->by_id, position, &id, &value)) {
        struct cog_alert *alert = value;
        if (alert->settled && alert->seen != alerts->answer)
            return alert;
    }
    return NULL;
}

void cog_alerts_end(struct cog_alerts *alerts)
{
    size_t count = 0, position = 0;
    struct cog_alert **gone = mem_alloc_array(map_count(alerts->by_id) + 1, sizeof *gone);
    while ((gone[count] = next_forgettable(alerts, &position)))
        count++;
    for (size_t i = 0; i < count; i++) {
        map_remove(alerts->by_id, slice_from_cstr(gone[i]->id));
        free_alert(gone[i]);
    }
    free(gone);
}
