#include "adapters/atom/incidents.h"

#include "base/mem.h"

#include <stdlib.h>

struct incident {
    char *id;
    struct slice bytes; /* own memory */
    uint64_t look;
};

void atom_incidents_init(struct atom_incidents *incidents)
{
    *incidents = (struct atom_incidents){.by_id = map_create()};
}

static void free_incident(void *value)
{
    struct incident *incident = value;
    free((char *)incident->bytes.ptr);
    free(incident->id);
    free(incident);
}

void atom_incidents_fini(struct atom_incidents *incidents)
{
    map_destroy(incidents->by_id, free_incident);
    *incidents = (struct atom_incidents){0};
}

void atom_incidents_look(struct atom_incidents *incidents)
{
    incidents->look++;
}

static void drop(struct atom_incidents *incidents, struct incident *incident)
{
    incidents->bytes -= incident->bytes.len;
    map_remove(incidents->by_id, slice_from_cstr(incident->id));
    free_incident(incident);
}

/* The map must not change while it is walked: first all, then away with them. */
static void make_room(struct atom_incidents *incidents)
{
    size_t count = 0, position = 0;
    struct incident **old = mem_alloc_array(map_count(incidents->by_id) + 1, sizeof *old);
    struct slice id;
    void *value;
    while (map_next(incidents->by_id, &position, &id, &value)) {
        struct incident *incident = value;
        if (incident->look != incidents->look)
            old[count++] = incident;
    }
    for (size_t i = 0; i < count; i++)
        drop(incidents, old[i]);
    free(old);
}

bool atom_incidents_keep(struct atom_incidents *incidents, struct slice id, struct slice bytes)
{
    struct incident *incident = map_get(incidents->by_id, id);
    if (incident)
        drop(incidents, incident);
    if (incidents->bytes + bytes.len > ATOM_INCIDENTS_BYTES_MAX)
        make_room(incidents);
    if (incidents->bytes + bytes.len > ATOM_INCIDENTS_BYTES_MAX)
        return false;
    char *copy = mem_alloc(bytes.len + 1);
    memcpy(copy, bytes.ptr, bytes.len);
    incident = mem_alloc(sizeof *incident);
    incident->id = mem_alloc(id.len + 1);
    memcpy(incident->id, id.ptr, id.len);
    incident->bytes = slice_of(copy, bytes.len);
    incident->look = incidents->look;
    incidents->bytes += bytes.len;
    map_put(incidents->by_id, id, incident);
    return true;
}

struct slice atom_incidents_find(const struct atom_incidents *incidents, struct slice id)
{
    const struct incident *incident = map_get(incidents->by_id, id);
    return incident ? incident->bytes : (struct slice){0};
}
