/*
 * rows: options that sources have in common, for tables of `struct conf_row`.
 *
 * `place` is the row's `.offset = ...`; `usual` the default, as it would be written.
 */
#ifndef CAPRELAY_ADAPTERS_ROWS_H
#define CAPRELAY_ADAPTERS_ROWS_H

/* int64_t, microseconds. */
#define SOURCE_INTERVAL_ROW(place, usual, said)                                                    \
    {                                                                                              \
        .name = "interval", .type = CONF_DURATION, place, .fallback = usual, .min = 1,             \
        .max = 3600, .help = said                                                                  \
    }
/* int64_t, microseconds; at most the seven days that the longest memory of them has. */
#define SOURCE_CATCH_UP_ROW(place, usual, said)                                                    \
    {                                                                                              \
        .name = "catch_up", .type = CONF_DURATION, place, .fallback = usual, .max = 604800,        \
        .help = said                                                                               \
    }
/* int64_t: requests at once. */
#define SOURCE_PARALLEL_ROW(place, said)                                                           \
    {                                                                                              \
        .name = "parallel", .type = CONF_INT, place, .fallback = "4", .min = 1, .max = 16,         \
        .help = said                                                                               \
    }
/* int64_t, microseconds; for pauses that begin at a second. */
#define SOURCE_RECONNECT_MAX_ROW(place, usual)                                                     \
    {                                                                                              \
        .name = "reconnect_max", .type = CONF_DURATION, place, .fallback = usual, .min = 1,        \
        .max = 3600,                                                                               \
        .help = "The pause before connecting again begins at a second and grows up to this."       \
    }

#endif
