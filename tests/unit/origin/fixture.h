/*
 * fixture: files in a folder of their own, and trust from a table of pins.
 */
#ifndef CAPRELAY_TESTS_UNIT_ORIGIN_FIXTURE_H
#define CAPRELAY_TESTS_UNIT_ORIGIN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "origin/origin.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 8 * 1024 * 1024, PINS_MAX = 64 };

/* {NULL, 0} where there is no such file. */
static inline struct slice fixture_read(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return (struct slice){NULL, 0};
    struct buf bytes;
    buf_init(&bytes, FILE_BYTES_MAX);
    char chunk[65536];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_put(&bytes, slice_of(chunk, got));
    fclose(file);
    struct slice copy = arena_copy(arena, buf_slice(&bytes));
    buf_fini(&bytes);
    return copy;
}

/* Up to `max` cells of the next line; 0 at the end. */
static inline size_t fixture_row(struct slice *rest, struct slice *cells, size_t max)
{
    struct slice line;
    size_t count = 0;
    if (!slice_next_part(rest, '\n', &line) || !line.len)
        return 0;
    while (count < max && slice_next_part(&line, '\t', &cells[count]))
        count++;
    return count;
}

/* 2026-06-01T00:00:00Z, for "2026-06-01"; 0 for "-". */
static inline int64_t fixture_day(struct slice text)
{
    int year, month, day;
    char copy[16];
    if (slice_eq_cstr(text, "-"))
        return 0;
    snprintf(copy, sizeof copy, "%.*s", SLICE_ARG(text));
    assert_int_equal(sscanf(copy, "%d-%d-%d", &year, &month, &day), 3);
    return clock_days_from_civil(year, month, day) * 86400;
}

#endif
