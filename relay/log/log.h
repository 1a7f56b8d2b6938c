/*
 * log: one line per event on stderr, for people and for the journal of the service manager.
 *
 * A line is a level, a stable event name (lower case, dots: `source.state`) and key=value pairs.
 * Where stderr is the system journal (JOURNAL_STREAM is set) the line begins with `<N>`, else with
 * the time. Texts of alerts are hostile: hand them through log_quote(), which quotes and escapes;
 * control characters that reach a line all the same are escaped as a second net. Never log keys,
 * passwords or whole documents. Safe from any thread; a line is one write(2).
 */
#ifndef CAPRELAY_LOG_LOG_H
#define CAPRELAY_LOG_LOG_H

#include "base/slice.h"

#include <stdarg.h>

/* The levels of syslog(3). */
enum log_level {
    LOG_LEVEL_CRITICAL = 2,
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4, /* alarms: someone should look */
    LOG_LEVEL_NOTICE = 5,  /* what an operator wants to see by default */
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

const char *log_level_name(enum log_level level); /* "critical", "error", ... */
bool log_level_from_name(struct slice name, enum log_level *out);

/* Lines above that level are left out; the start value is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);
bool log_wants(enum log_level level);

/* `format` gives the pairs: "source=%s files=%zu". A line is cut at LOG_LINE_MAX bytes. */
enum { LOG_LINE_MAX = 2048, LOG_QUOTED_MAX = 512 };
void log_write(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void log_vwrite(enum log_level level, const char *event, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* One value, quoted where it is not a plain word, with everything escaped that could end a line,
 * forge a pair or turn the writing direction; cut with "..." where it is long. For use inside the
 * call: log_write(LEVEL, "x", "id=%s", log_quote(id).text) */
struct log_quoted {
    char text[LOG_QUOTED_MAX];
};
struct log_quoted log_quote(struct slice value);
struct log_quoted log_quote_cstr(const char *value);

/* For tests: every finished line (without prefix for time or journal) goes here instead; NULL: back
 * to stderr. */
typedef void (*log_sink_fn)(void *context, enum log_level level, const char *line);
void log_set_sink(log_sink_fn sink, void *context);

#endif
