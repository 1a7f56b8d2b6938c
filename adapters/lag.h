/*
 * lag: how late a source's alerts are when they arrive: from their `sent` to their arrival. Pure.
 *
 * The median of the last nine: one alert of yesterday that came with a catch-up does not hide that
 * all others take two seconds, and nine that are late are not hidden by those before.
 */
#ifndef CAPRELAY_ADAPTERS_LAG_H
#define CAPRELAY_ADAPTERS_LAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAG_KEPT = 9 };

struct lag {
    int64_t us[LAG_KEPT];
    size_t count; /* ever */
};

void lag_add(struct lag *lag, int64_t us);
/* False where there is none yet. Below 0 where the senders' clocks are ahead of ours. */
bool lag_median(const struct lag *lag, int64_t *us);

#endif
