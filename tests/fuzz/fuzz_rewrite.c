/* A recording: whatever is played of it is an exercise, readable, and of that run. The same bytes
 * as a timeline and as the text of a parameter. */
#include "adapters/replay/rewrite.h"
#include "adapters/replay/stamp.h"
#include "adapters/replay/timeline.h"
#include "alert/parse.h"
#include "alert/write.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct parser *shared_parser(void)
{
    static struct parser *parser;
    if (!parser && parser_create(&parser, NULL) != OK)
        abort();
    return parser;
}

static void check_played(const struct alert *played)
{
    if (alert_class_of_status(played->status) != CLASS_EXERCISE || played->signature_count > 0 ||
        !slice_ends_with(played->identifier, ".xrun"))
        abort();
    for (size_t i = 0; i < played->info_count; i++)
        if (!slice_starts_with(played->infos[i].headline, REWRITE_HEADLINE))
            abort();
}

static void play(struct arena *arena, const struct alert *alert)
{
    const struct rewrite_options options = {
        .run_id = SLICE("run"), .shift_s = 86400 * 365, .recording = SLICE("fuzz")};
    struct buf out;
    if (rewrite_refusal(arena, alert))
        return;
    buf_init(&out, 64u << 20);
    alert_write(rewrite_alert(arena, alert, &options), &out);
    struct slice bytes = buf_slice(&out);
    if (!buf_failed(&out) && bytes.len <= PARSE_BYTES_MAX) {
        struct parsed again = parser_read(shared_parser(), arena, bytes);
        if (again.count != 1 || again.alerts[0]->kind != KIND_ALERT)
            abort();
        check_played(again.alerts[0]);
    }
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create();
    struct slice bytes = slice_of(data, size);
    struct timeline timeline;
    (void)timeline_read(arena, bytes, &timeline, NULL);
    (void)stamp_shift_times(arena, bytes, 86400);
    (void)stamp_exercise_vtec(arena, bytes, -86400);
    struct parsed parsed = parser_read(shared_parser(), arena, bytes);
    for (size_t i = 0; i < parsed.count; i++)
        play(arena, parsed.alerts[i]);
    arena_destroy(arena);
    return 0;
}
