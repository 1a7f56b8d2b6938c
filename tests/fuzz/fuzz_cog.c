/* An answer of IPAWS: the SOAP around, statuses, and the alerts cut out of it. */
#include "cog/answer.h"
#include "cog/cut.h"
#include "cog/verdict.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One after the other, each a piece of the text. */
static size_t cut(struct arena *arena, struct slice text)
{
    struct cog_cutter cutter;
    size_t from, before = 0, count = 0;
    cog_cutter_init(&cutter, text);
    for (; cog_cutter_find(&cutter, &from); count++) {
        struct slice alert = cog_cutter_take(&cutter, arena);
        cog_says_none(arena, alert);
        if (from < before || cutter.at <= from || cutter.at > text.len || !alert.len)
            abort();
        before = cutter.at;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create();
    struct slice text = slice_of(data, size);
    struct cog_answer answer;
    struct cog_verdict verdict;
    cog_answer_read(arena, text, &answer);
    if (answer.alert_count != cut(arena, text))
        abort();
    cog_judge(arena, &answer, SLICE("x-1"), 1u << COG_EAS, &verdict);
    bool posted = answer.kind == COG_POSTED && answer.status_count > 1;
    if (verdict.outcome == COG_TAKEN && (!posted || !(verdict.acked & 1u << COG_EAS)))
        abort();
    arena_destroy(arena);
    return 0;
}
