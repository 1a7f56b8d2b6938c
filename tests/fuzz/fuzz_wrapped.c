/* An answer that lists alerts: what is cut out stands in it, byte by byte and in order. */
#include "adapters/wrapped.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 300 };

static size_t find(struct slice text, size_t from, struct slice what)
{
    const char *at = memmem(text.ptr + from, text.len - from, what.ptr, what.len);
    if (!at)
        abort();
    return (size_t)(at - text.ptr);
}

static void check(struct slice answer, const struct wrapped *list)
{
    size_t from = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct wrapped_alert *alert = &list->alerts[i];
        size_t limit = LIMIT + (alert->kind == FRAME_TOO_LONG);
        if (alert->bytes.len == 0 || alert->bytes.len > limit || alert->bytes.ptr[0] != '<')
            abort();
        if (alert->kind == FRAME_WHOLE && alert->bytes.ptr[alert->bytes.len - 1] != '>')
            abort();
        from = find(answer, from, alert->bytes) + alert->bytes.len;
        find(alert->document, 0, alert->bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create();
    struct slice answer = slice_of(data, size);
    struct wrapped list;
    struct err err = {0};
    enum err_code code = wrapped_read(arena, answer, LIMIT, &list, &err);
    if (code != OK && (code != ERR_INVALID || !err.text[0]))
        abort();
    check(answer, &list);
    arena_destroy(arena);
    return 0;
}
