/* Whom the alerts of a source may be signed by: from the configuration to pins, and their alarms.
 */
#include "adapters/host_internal.h"

#include "base/mem.h"
#include "log/log.h"

#include <stdlib.h>

_Static_assert((int)CONF_SIGNATURE_IGNORE == (int)ORIGIN_IGNORE &&
                   (int)CONF_SIGNATURE_FLAG == (int)ORIGIN_FLAG &&
                   (int)CONF_SIGNATURE_REQUIRE == (int)ORIGIN_REQUIRE,
               "a configured policy is a policy");

enum err_code host_trust_create(const struct relay_conf_source *source, struct origin_trust **out,
                                struct err *err)
{
    *out = NULL;
    if (!source || source->signature.policy == CONF_SIGNATURE_IGNORE)
        return OK;
    const struct relay_conf_pin *from = source->signature.pins.items;
    size_t count = source->signature.pins.count;
    struct origin_pin *pins = mem_alloc_array(count, sizeof *pins);
    for (size_t i = 0; i < count; i++)
        pins[i] = (struct origin_pin){.name = from[i].name,
                                      .spki = from[i].spki,
                                      .file = from[i].file.ptr,
                                      .ca = from[i].ca.ptr,
                                      .subject = from[i].subject,
                                      .not_before_s = from[i].not_before_s,
                                      .not_after_s = from[i].not_after_s,
                                      .allow_expired = from[i].allow_expired,
                                      .allow_weak = from[i].allow_weak};
    struct err inner = {0};
    enum err_code code =
        origin_trust_create((enum origin_policy)source->signature.policy, pins, count, out, &inner);
    free(pins);
    return code == OK ? OK : conf_fail(source->node, "signature", err, "%s", inner.text);
}

struct telling {
    const struct host *host;
    int64_t now_s;
};

static void tell_pin(void *context, struct slice pin, int64_t ends_s)
{
    const struct telling *telling = context;
    char text[CLOCK_TEXT_MAX];
    bool ended = ends_s <= telling->now_s;
    log_write(ended ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, ended ? "pin.ended" : "pin.ends",
              "source=%.*s pin=%s until=%s text=\"%s\"", SLICE_ARG(telling->host->source->name),
              log_quote(pin).text, clock_format_s(ends_s, text),
              ended ? "what it signs is no longer accepted"
                    : "add the key that follows as a further pin");
}

void hosts_tell_pins(const struct hosts *hosts, int64_t now_us)
{
    for (const struct host *host = hosts->first; host; host = host->next) {
        struct telling telling = {host, now_us / 1000000};
        if (!host->retired && host->conf_source)
            origin_trust_alarms(host->source->trust, telling.now_s,
                                host->conf_source->signature.warn_before_us / 1000000, tell_pin,
                                &telling);
    }
}

static void count_ended(void *context, struct slice pin, int64_t ends_s)
{
    (void)pin;
    (void)ends_s;
    ++*(size_t *)context;
}

/* One that has ended beside one that goes on is how keys are changed. */
enum err_code host_trust_check(const struct host *host, int64_t now_s, struct err *err)
{
    const struct relay_conf_source *source = host->conf_source;
    size_t ended = 0;
    origin_trust_alarms(host->source->trust, now_s, 0, count_ended, &ended);
    if (!ended || ended < source->signature.pins.count)
        return OK;
    return conf_fail(source->node, "signature", err,
                     "every pin has ended, so that nobody's signature is accepted; add the key "
                     "that is used now, or allow_expired where the certificate alone is over");
}

static void take_first_pin(void *context, struct slice pin, int64_t ends_s)
{
    struct source_status *status = context;
    if (status->pin.ptr && status->pin_ends_us <= ends_s * 1000000)
        return;
    status->pin = pin;
    status->pin_ends_us = ends_s * 1000000;
}

void host_trust_status(const struct host *host, int64_t now_us, struct source_status *status)
{
    status->signature = origin_policy_of(host->source->trust);
    if (host->conf_source)
        origin_trust_alarms(host->source->trust, now_us / 1000000,
                            host->conf_source->signature.warn_before_us / 1000000, take_first_pin,
                            status);
}
