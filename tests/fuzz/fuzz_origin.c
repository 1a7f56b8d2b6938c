/* A signed document from outside: the shape of its signatures, certificates in them, arithmetic. No
 * key is pinned, so nothing may be accepted. */
#include "origin/origin.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create();
    struct origin origin;
    origin_check(NULL, arena, slice_of(data, size), INT64_C(1780272000), &origin);
    if (origin.accepted || origin.signer.ptr || origin.count > ORIGIN_SIGNATURES_MAX ||
        origin.verdict > ORIGIN_UNTRUSTED)
        abort();
    arena_destroy(arena);
    return 0;
}
