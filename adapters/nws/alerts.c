#include "adapters/nws/alerts.h"

#include "base/mem.h"

#include <stdlib.h>

void nws_alerts_init(struct nws_alerts *alerts)
{
    *alerts = (struct nws_alerts){.by_id = map_create(), .look = 1};
    alerts->end = &alerts->first;
}

static void free_alert(void *value)
{
    struct nws_alert *alert = value;
    free((char *)alert->bytes.ptr);
    free(alert->id);
    free(alert);
}

void nws_alerts_fini(struct nws_alerts *alerts)
{
    map_destroy(alerts->by_id, free_alert);
    *alerts = (struct nws_alerts){0};
}

void nws_alerts_look(struct nws_alerts *alerts)
{
    alerts->look++;
}

struct nws_alert *nws_alerts_see(struct nws_alerts *alerts, struct slice id)
{
    struct nws_alert *alert = map_get(alerts->by_id, id);
    if (alert)
        alert->listed = alerts->look;
    return alert;
}

struct nws_alert *nws_alerts_add(struct nws_alerts *alerts, struct slice id, enum nws_stage stage)
{
    struct nws_alert *alert = mem_alloc(sizeof *alert);
    alert->id = mem_alloc(id.len + 1);
    memcpy(alert->id, id.ptr, id.len);
    alert->listed = alerts->look;
    alert->stage = stage;
    map_put(alerts->by_id, id, alert);
    if (stage == NWS_WANTED)
        nws_alerts_queue(alerts, alert);
    return alert;
}

void nws_alerts_queue(struct nws_alerts *alerts, struct nws_alert *alert)
{
    alert->stage = alert->bytes.ptr ? NWS_HELD : NWS_WANTED;
    alert->request = NULL;
    alert->next = NULL;
    *alerts->end = alert;
    alerts->end = &alert->next;
    alerts->queued++;
}

static struct nws_alert *take(struct nws_alerts *alerts, struct nws_alert **place)
{
    struct nws_alert *alert = *place;
    *place = alert->next;
    if (!*place)
        alerts->end = place;
    alert->next = NULL;
    alerts->queued--;
    return alert;
}

struct nws_alert *nws_alerts_take_held(struct nws_alerts *alerts)
{
    for (struct nws_alert **place = &alerts->first; *place; place = &(*place)->next)
        if ((*place)->stage == NWS_HELD)
            return take(alerts, place);
    return NULL;
}

struct nws_alert *nws_alerts_take_wanted(struct nws_alerts *alerts, int64_t now_us,
                                         int64_t *wait_until_us)
{
    *wait_until_us = INT64_MAX;
    for (struct nws_alert **place = &alerts->first; *place; place = &(*place)->next) {
        const struct nws_alert *alert = *place;
        if (alert->stage == NWS_WANTED && alert->not_before_us <= now_us)
            return take(alerts, place);
        if (alert->stage == NWS_WANTED && alert->not_before_us < *wait_until_us)
            *wait_until_us = alert->not_before_us;
    }
    return NULL;
}

void nws_alerts_give_up(struct nws_alerts *alerts, struct nws_alert *alert)
{
    alert->stage = NWS_GIVEN_UP;
    alert->request = NULL;
    alerts->given_up++;
}

/* The map must not change while it is walked: one at a time. */
static struct nws_alert *find_forgettable(const struct nws_alerts *alerts, size_t *position)
{
    struct slice id;
    void *value;
    while (map_next(alerts->by_id, position, &id, &value)) {
        struct nws_alert *alert = value;
        if (alert->listed != alerts->look &&
            (alert->stage == NWS_SETTLED || alert->stage == NWS_GIVEN_UP))
            return alert;
    }
    return NULL;
}

void nws_alerts_looked(struct nws_alerts *alerts)
{
    size_t count = 0, position = 0;
    struct nws_alert **gone = mem_alloc_array(map_count(alerts->by_id) + 1, sizeof *gone);
    while ((gone[count] = find_forgettable(alerts, &position)))
        count++;
    for (size_t i = 0; i < count; i++) {
        alerts->given_up -= gone[i]->stage == NWS_GIVEN_UP;
        map_remove(alerts->by_id, slice_from_cstr(gone[i]->id));
        free_alert(gone[i]);
    }
    free(gone);
}
