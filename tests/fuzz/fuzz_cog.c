/* An answer of IPAWS: the SOAP around, statuses, and the alerts cut out of it, each of which must
 * be a piece of what came, but for declarations in its start tag. */
#include "cog/answer.h"
#include "cog/cut.h"
#include "cog/verdict.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The end of an alert is never touched. */
static void check_tail(struct slice text, struct slice cut)
{
    size_t len = cut.len < 8 ? cut.len : 8;
    if (!cut.len || cut.ptr[cut.len - 1] != '>' ||
        !memmem(text.ptr, text.len, cut.ptr + cut.len - len, len))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create();
    struct slice text = slice_of(data, size), out[16];
    struct cog_answer answer;
    struct cog_verdict verdict;
    size_t count = cog_cut(arena, text, out, 16);
    for (size_t i = 0; i < count; i++)
        check_tail(text, out[i]);
    cog_answer_read(arena, text, &answer);
    cog_judge(arena, &answer, SLICE("x-1"), 1u << COG_EAS, &verdict);
    bool posted = answer.kind == COG_POSTED && answer.status_count > 1;
    if (verdict.outcome == COG_TAKEN && (!posted || !(verdict.acked & 1u << COG_EAS)))
        abort();
    for (size_t i = 0; i < answer.message_count; i++)
        if (!answer.messages[i].id.len)
            abort();
    arena_destroy(arena);
    return 0;
}
