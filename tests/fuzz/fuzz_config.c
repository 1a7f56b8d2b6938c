/* Configurations, good and bad: refused with FILE:LINE and a reason, each mistake so, or whole. Who
 * goes on checking what is not good must be safe from what was not read. */
#include "adapters/host.h"
#include "outlets/outlets.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

static void has_place(void *context, const char *text)
{
    (void)context;
    must(strncmp(text, "fuzz.yaml:", strlen("fuzz.yaml:")) == 0);
    for (; *text; text++)
        must((unsigned char)*text >= ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct relay_conf *conf = NULL, *seen = NULL;
    struct err err = {0};
    struct slice text = slice_of(data, size);
    enum err_code code = relay_conf_parse("fuzz.yaml", text, &conf, &err);
    must(!code == (conf != NULL));
    must(!relay_conf_inspect_text("fuzz.yaml", text, &seen, NULL) == !code);
    relay_conf_release(conf);
    if (code)
        has_place(NULL, err.text);
    if (!seen)
        return 0;
    must(!code == (conf_fault_count(seen->root) == 0));
    hosts_check(seen, NULL);
    outlets_check(seen, NULL);
    conf_faults_tell(seen->root, has_place, NULL);
    relay_conf_release(seen);
    return 0;
}
