#include "adapters/inject/pending.h"

#include "base/mem.h"

#include <stdlib.h>

static char *copy_of(struct slice s)
{
    char *copy = mem_alloc(s.len + 1);
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

struct pending *pending_find(const struct pending_list *list, struct slice authority,
                             const struct digest *digest)
{
    for (struct pending *p = list->first; p; p = p->next)
        if (!p->dry_run && digest_eq(&p->digest, digest) && slice_eq_cstr(authority, p->authority))
            return p;
    return NULL;
}

size_t pending_count_of(const struct pending_list *list, struct slice authority)
{
    size_t count = 0;
    for (const struct pending *p = list->first; p; p = p->next)
        count += slice_eq_cstr(authority, p->authority);
    return count;
}

struct pending *pending_add(struct pending_list *list, struct slice authority,
                            const struct digest *digest, bool dry_run)
{
    struct pending *pending = mem_alloc(sizeof *pending);
    pending->receipt = ++list->last_receipt;
    pending->dry_run = dry_run;
    pending->authority = copy_of(authority);
    pending->digest = *digest;
    pending->next = list->first;
    list->first = pending;
    list->count++;
    return pending;
}

bool pending_add_client(struct pending *pending, struct slice identity)
{
    for (size_t i = 0; i < pending->client_count; i++)
        if (slice_eq(identity,
                     slice_of(pending->clients[i].identity, pending->clients[i].identity_len)))
            return true;
    if (pending->client_count == PENDING_CLIENTS_MAX)
        return false;
    struct pending_client *client = &pending->clients[pending->client_count++];
    client->identity = copy_of(identity);
    client->identity_len = identity.len;
    return true;
}

struct pending *pending_take(struct pending_list *list, uint64_t receipt)
{
    for (struct pending **place = &list->first; *place; place = &(*place)->next)
        if ((*place)->receipt == receipt) {
            struct pending *pending = *place;
            *place = pending->next;
            list->count--;
            return pending;
        }
    return NULL;
}

void pending_free(struct pending *pending)
{
    if (!pending)
        return;
    for (size_t i = 0; i < pending->client_count; i++)
        free(pending->clients[i].identity);
    free(pending->authority);
    free(pending);
}
