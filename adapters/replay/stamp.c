#include "adapters/replay/stamp.h"

#include "base/buf.h"
#include "base/clock.h"

#include <stdio.h>

struct civil {
    int year, month, day, hour, minute, second;
};

/* Two to four digits at that place; -1 where there are none. */
static int digits(struct slice text, size_t at, size_t count)
{
    int value = 0;
    if (at + count > text.len)
        return -1;
    for (size_t i = at; i < at + count; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

static bool is_possible(const struct civil *t)
{
    return t->year >= 1 && t->month >= 1 && t->month <= 12 && t->day >= 1 && t->day <= 31 &&
           t->hour >= 0 && t->hour <= 24 && t->minute >= 0 && t->minute <= 59 && t->second >= 0 &&
           t->second <= 60;
}

static struct civil shifted(const struct civil *t, int64_t shift_s)
{
    int64_t at = clock_days_from_civil(t->year, t->month, t->day) * 86400 + t->hour * 3600 +
                 t->minute * 60 + t->second + shift_s;
    int64_t days = at / 86400 - (at % 86400 < 0);
    int left = (int)(at - days * 86400);
    struct civil out = {.hour = left / 3600, .minute = left / 60 % 60, .second = left % 60};
    clock_civil_from_days(days, &out.year, &out.month, &out.day);
    return out;
}

static bool char_at(struct slice text, size_t at, char c)
{
    return at < text.len && text.ptr[at] == c;
}

static bool digit_at(struct slice text, size_t at)
{
    return at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9';
}

/* 2026-04-15T20:51 or with :47; its length, 0 where there is none. */
static size_t read_iso(struct slice text, size_t at, struct civil *out, bool *has_seconds)
{
    bool form = char_at(text, at + 4, '-') && char_at(text, at + 7, '-') &&
                char_at(text, at + 10, 'T') && char_at(text, at + 13, ':');
    if (!form || (at > 0 && digit_at(text, at - 1)))
        return 0;
    *out = (struct civil){.year = digits(text, at, 4),
                          .month = digits(text, at + 5, 2),
                          .day = digits(text, at + 8, 2),
                          .hour = digits(text, at + 11, 2),
                          .minute = digits(text, at + 14, 2)};
    *has_seconds = char_at(text, at + 16, ':') && digits(text, at + 17, 2) >= 0;
    if (*has_seconds)
        out->second = digits(text, at + 17, 2);
    return is_possible(out) ? (*has_seconds ? 19 : 16) : 0;
}

static void put_iso(struct buf *out, const struct civil *t, bool has_seconds)
{
    buf_printf(out, "%04d-%02d-%02dT%02d:%02d", t->year, t->month, t->day, t->hour, t->minute);
    if (has_seconds)
        buf_printf(out, ":%02d", t->second);
}

static struct slice finish(struct arena *arena, struct buf *out)
{
    struct slice text = arena_copy(arena, buf_slice(out));
    buf_fini(out);
    return text;
}

struct slice stamp_shift_times(struct arena *arena, struct slice text, int64_t shift_s)
{
    struct buf out;
    bool found = false;
    buf_init(&out, text.len * 2 + 64);
    for (size_t at = 0; at < text.len;) {
        struct civil time;
        bool has_seconds = false;
        size_t len = read_iso(text, at, &time, &has_seconds);
        if (len == 0) {
            buf_put_char(&out, text.ptr[at++]);
            continue;
        }
        time = shifted(&time, shift_s);
        put_iso(&out, &time, has_seconds);
        at += len;
        found = true;
    }
    if (!found) {
        buf_fini(&out);
        return text;
    }
    return finish(arena, &out);
}

/* --- VTEC --- */

enum { VTEC_TIME_LEN = 12 }; /* yymmddThhnnZ */

/* All zero is "no time given" and stays. */
static bool read_vtec_time(struct slice text, size_t at, struct civil *out)
{
    if (!char_at(text, at + 6, 'T') || !char_at(text, at + 11, 'Z') ||
        (at > 0 && digit_at(text, at - 1)))
        return false;
    *out = (struct civil){.year = 2000 + digits(text, at, 2),
                          .month = digits(text, at + 2, 2),
                          .day = digits(text, at + 4, 2),
                          .hour = digits(text, at + 7, 2),
                          .minute = digits(text, at + 9, 2)};
    return digits(text, at, 2) >= 0 && is_possible(out);
}

static bool upper_at(struct slice text, size_t at, size_t count)
{
    for (size_t i = at; i < at + count; i++)
        if (i >= text.len || text.ptr[i] < 'A' || text.ptr[i] > 'Z')
            return false;
    return true;
}

/* The `/O.NEW.` of /O.NEW.KBOX.WS.W.0001.260415T1200Z-260416T1200Z/ */
static bool is_pvtec_start(struct slice text, size_t at)
{
    return char_at(text, at, '/') && upper_at(text, at + 1, 1) && char_at(text, at + 2, '.') &&
           upper_at(text, at + 3, 3) && char_at(text, at + 6, '.');
}

static void put_vtec_time(struct buf *out, const struct civil *t)
{
    buf_printf(out, "%02d%02d%02dT%02d%02dZ", t->year % 100, t->month, t->day, t->hour, t->minute);
}

struct slice stamp_exercise_vtec(struct arena *arena, struct slice text, int64_t shift_s)
{
    struct buf out;
    bool found = false;
    buf_init(&out, text.len * 2 + 64);
    for (size_t at = 0; at < text.len;) {
        struct civil time;
        if (is_pvtec_start(text, at)) {
            buf_put_cstr(&out, "/T");
            at += 2;
            found = true;
        } else if (read_vtec_time(text, at, &time)) {
            time = shifted(&time, shift_s);
            put_vtec_time(&out, &time);
            at += VTEC_TIME_LEN;
            found = true;
        } else {
            buf_put_char(&out, text.ptr[at++]);
        }
    }
    if (!found) {
        buf_fini(&out);
        return text;
    }
    return finish(arena, &out);
}
