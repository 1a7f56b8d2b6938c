#include "adapters/patience.h"

#include <stdio.h>

#define REFUSED_FOR_US (24 * INT64_C(3600000000))

enum patience_answer patience_read(const struct http_result *result)
{
    static const int refusals[] = {401, 402, 403, 407, 451};
    if (result->failure == HTTP_FAILED_REDIRECT || result->failure == HTTP_FAILED_REQUEST)
        return PATIENCE_REFUSED;
    if (result->failure != HTTP_ANSWERED || result->status >= 500 || result->status == 408 ||
        result->status == 429)
        return PATIENCE_TROUBLE;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (result->status == refusals[i])
            return PATIENCE_REFUSED;
    return PATIENCE_ABSENT;
}

bool patience_ends(int64_t refused_mono_us, int64_t now_mono_us)
{
    return now_mono_us - refused_mono_us >= REFUSED_FOR_US;
}

char *patience_words(const struct http_result *result, const char *server, char *out, size_t size)
{
    if (result->failure == HTTP_ANSWERED)
        snprintf(out, size, "%s answers %d", server, result->status);
    else
        snprintf(out, size, "%s: %s: %.150s", server, http_failure_name(result->failure),
                 result->error);
    return out;
}
