#include "adapters/lag.h"

#include <stdlib.h>
#include <string.h>

void lag_add(struct lag *lag, int64_t us)
{
    lag->us[lag->count++ % LAG_KEPT] = us;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

bool lag_median(const struct lag *lag, int64_t *us)
{
    int64_t sorted[LAG_KEPT];
    size_t count = lag->count < LAG_KEPT ? lag->count : LAG_KEPT;
    memcpy(sorted, lag->us, sizeof sorted);
    qsort(sorted, count, sizeof *sorted, compare);
    if (count > 0)
        *us = sorted[count / 2];
    return count > 0;
}
