#include "adapters/inject/nonces.h"

#include "base/mem.h"

#include <stdlib.h>

struct nonce {
    struct nonce *next;
    int64_t seen_us;
    size_t key_len;
    char key[];
};

void nonces_init(struct nonces *nonces)
{
    *nonces = (struct nonces){.seen = map_create()};
    nonces->end = &nonces->first;
}

static struct nonce *take_first(struct nonces *nonces)
{
    struct nonce *nonce = nonces->first;
    nonces->first = nonce->next;
    if (!nonces->first)
        nonces->end = &nonces->first;
    return nonce;
}

void nonces_fini(struct nonces *nonces)
{
    while (nonces->first)
        free(take_first(nonces));
    map_destroy(nonces->seen, NULL);
    nonces->seen = NULL;
}

static void forget_old(struct nonces *nonces, int64_t now_us)
{
    while (nonces->first && now_us - nonces->first->seen_us > (int64_t)NONCES_KEEP_S * 1000000) {
        struct nonce *nonce = take_first(nonces);
        map_remove(nonces->seen, slice_of(nonce->key, nonce->key_len));
        free(nonce);
    }
}

enum nonce_verdict nonces_take(struct nonces *nonces, struct slice key, int64_t now_us)
{
    forget_old(nonces, now_us);
    if (map_get(nonces->seen, key))
        return NONCE_REPEATED;
    if (map_count(nonces->seen) >= NONCES_MAX)
        return NONCE_NO_ROOM;
    struct nonce *nonce = mem_alloc(sizeof *nonce + key.len);
    nonce->seen_us = now_us;
    nonce->key_len = key.len;
    memcpy(nonce->key, key.ptr, key.len);
    *nonces->end = nonce;
    nonces->end = &nonce->next;
    map_put(nonces->seen, key, nonce);
    return NONCE_NEW;
}
