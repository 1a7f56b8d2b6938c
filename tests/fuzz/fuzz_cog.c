/* An answer of IPAWS: the SOAP around, statuses, and the alerts cut out of it, each a document. */
#include "alert/document.h"
#include "cog/answer.h"
#include "cog/cut.h"
#include "cog/verdict.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is cut out of a document stands alone. */
static void check_alone(struct slice text)
{
    struct document document;
    document_init(&document, text, NULL);
    if (!document.tree)
        abort();
    document_fini(&document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create();
    struct slice text = slice_of(data, size), out[16];
    struct cog_answer answer;
    struct cog_verdict verdict;
    size_t count = cog_cut(arena, text, out, 16);
    for (size_t i = 0; i < count; i++)
        if (!out[i].len || out[i].ptr[out[i].len - 1] != '>')
            abort();
    cog_answer_read(arena, text, &answer);
    cog_judge(arena, &answer, SLICE("x-1"), 1u << COG_EAS, &verdict);
    bool posted = answer.kind == COG_POSTED && answer.status_count > 1;
    if (verdict.outcome == COG_TAKEN && (!posted || !(verdict.acked & 1u << COG_EAS)))
        abort();
    for (size_t i = 0; i < answer.message_count; i++)
        check_alone(answer.messages[i].bytes);
    arena_destroy(arena);
    return 0;
}
