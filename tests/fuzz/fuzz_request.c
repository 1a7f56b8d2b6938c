/* Injection requests from whoever can connect: none may pass that no authority has signed. */
#include "adapters/inject/request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct relay_conf *shared_conf(void)
{
    static const struct relay_conf *conf;
    static const char text[] =
        "keys: {actual: a, exercise: e}\naccess: {mode: plain}\n"
        "listen: {feed: 'inproc://f', query: 'inproc://q', inject: 'inproc://i'}\n"
        "authorities:\n - name: nb-emo\n"
        "   key: 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29\n";
    if (!conf && relay_conf_parse("fuzz.yaml", slice_of(text, sizeof text - 1), &conf, NULL) != OK)
        abort();
    return conf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create();
    struct request request;
    struct request_refusal refusal;
    int64_t now_us = 1767225600 * INT64_C(1000000);
    /* Nobody has its secret key at hand: no input is signed with it by chance. */
    if (request_read(arena, slice_of(data, size), shared_conf(), now_us, &request, &refusal))
        abort();
    if (!refusal.reason || request.known)
        abort();
    arena_destroy(arena);
    return 0;
}
