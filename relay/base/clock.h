/*
 * clock: the time, as a value that tests can move.
 *
 * Nothing outside `base` and `loop` asks the system for the time. Instants are microseconds since
 * 1970-01-01T00:00:00Z, named *_us; the CAP model has seconds, named *_s.
 */
#ifndef CAPRELAY_BASE_CLOCK_H
#define CAPRELAY_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
    int64_t (*now_us)(void *context);
    /* Whether the kernel says that the clock is disciplined (adjtimex). */
    bool (*synchronised)(void *context);
    void *context;
};

extern const struct clock clock_system;

int64_t clock_now_us(const struct clock *clock);
bool clock_synchronised(const struct clock *clock);

enum { CLOCK_TEXT_MAX = 40 };
/* 2026-04-15T20:51:47.123456Z; out has CLOCK_TEXT_MAX bytes. Returns out. */
char *clock_format_us(int64_t instant_us, char *out);
/* 2026-04-15T20:51:47Z */
char *clock_format_s(int64_t instant_s, char *out);

/* Days since 1970-01-01 of a Gregorian date, and back. Any year from 1 to 9999. */
int64_t clock_days_from_civil(int year, int month, int day);
void clock_civil_from_days(int64_t days, int *year, int *month, int *day);

#endif
