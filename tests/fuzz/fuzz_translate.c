/* Any bytes that read as alerts: both translations are valid CAP 1.2 of the same status, or a clear
 * refusal. */
#include "alert/parse.h"
#include "translate/translate.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what, struct slice text)
{
    if (holds)
        return;
    fprintf(stderr, "%s: %.*s\n", what, SLICE_ARG(text));
    abort();
}

static void check(const struct parser *parser, struct arena *arena, const struct alert *alert,
                  enum target target)
{
    struct translate_options options = {.derived_sender = SLICE(TRANSLATE_SENDER_DEFAULT),
                                        .sliver_share = TRANSLATE_SLIVER_SHARE_DEFAULT};
    struct translate_input input = {
        .alert = alert, .class = alert_class_of_status(alert->status), .target = target};
    struct translation translation;
    struct err err = {0};
    enum err_code code = translate(&options, &input, arena, &translation, &err);
    if (code != OK) {
        require(code == ERR_INVALID || code == ERR_LIMIT, "error", slice_from_cstr(err.text));
        return;
    }
    code = parser_validate_cap12(parser, translation.xml, &err);
    require(code == OK, err.text, translation.xml);
    struct parsed back = parser_read(parser, arena, translation.xml);
    require(back.count == 1 && back.alerts[0]->relayable, "not readable", translation.xml);
    require(back.alerts[0]->status == alert->status, "status", translation.xml);
    require(back.alerts[0]->reference_count == alert->reference_count, "references",
            translation.xml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct parser *parser; /* compiled schemas, for the life of the process */
    struct err err;
    if (!parser && parser_create(&parser, &err) != OK)
        abort();
    struct arena *arena = arena_create();
    struct parsed parsed = parser_read(parser, arena, slice_of(data, size));
    for (size_t i = 0; i < parsed.count; i++) {
        if (!parsed.alerts[i]->relayable)
            continue;
        check(parser, arena, parsed.alerts[i], TARGET_US_EXCHANGE);
        check(parser, arena, parsed.alerts[i], TARGET_CA_EXCHANGE);
    }
    arena_destroy(arena);
    return 0;
}
