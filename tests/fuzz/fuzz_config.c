/* Configurations, good and bad: refused with FILE:LINE and a reason, or whole. */
#include "adapters/host.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct relay_conf *conf = NULL;
    struct err err = {0};
    if (relay_conf_parse("fuzz.yaml", slice_of(data, size), &conf, &err) != OK) {
        if (strncmp(err.text, "fuzz.yaml:", strlen("fuzz.yaml:")) != 0)
            abort();
        return 0;
    }
    (void)hosts_check(conf, &err);
    relay_conf_release(conf);
    return 0;
}
