/* Bytes from outside: parsed, checked, written and read again. What was relayable has to come back
 * with the same content. */
#include "alert/identity.h"
#include "alert/lifecycle.h"
#include "alert/parse.h"
#include "alert/write.h"
#include "profile/profile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct parser *shared_parser(void)
{
    static struct parser *parser;
    if (!parser && parser_create(&parser, NULL) != OK)
        abort();
    return parser;
}

static void check_round_trip(struct arena *arena, const struct alert *alert)
{
    struct buf out;
    buf_init(&out, 64u << 20);
    alert_write(alert, &out);
    struct slice bytes = buf_slice(&out);
    if (!buf_failed(&out) && bytes.len <= PARSE_BYTES_MAX) {
        struct parsed again = parser_read(shared_parser(), arena, bytes);
        struct digest a = alert_content(alert), b = alert_content(again.alerts[0]);
        if (again.count != 1 || (alert->schema_valid && !digest_eq(&a, &b)))
            abort();
    }
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create();
    struct parsed parsed = parser_read(shared_parser(), arena, slice_of(data, size));
    if (parsed.count == 0 || parsed.count > PARSE_ALERTS_MAX)
        abort();
    for (size_t i = 0; i < parsed.count; i++) {
        struct alert *alert = parsed.alerts[i];
        int64_t end_s;
        profile_check(alert, arena, profile_of_author(alert));
        profile_check_target(alert, arena, PROFILE_US_POST);
        profile_check_target(alert, arena, PROFILE_CA_EXCHANGE);
        if (alert->relayable !=
            (alert->kind == KIND_ALERT && !findings_have_fatal(&alert->findings)))
            abort();
        (void)alert_latest_end(alert, &end_s);
        (void)alert_secondary_key(arena, alert);
        if (!alert_same_event(alert, alert))
            abort();
        if (alert->relayable)
            check_round_trip(arena, alert);
    }
    arena_destroy(arena);
    return 0;
}
