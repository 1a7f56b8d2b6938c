#include "log/log.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The one mutable global of the relay beside the signal flag: everything logs to the same place. */
static struct {
    atomic_int level;
    log_sink_fn sink;
    void *sink_context;
} log_state = {.level = LOG_LEVEL_INFO};

static const char *const level_names[] = {
    [LOG_LEVEL_CRITICAL] = "critical", [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_NOTICE] = "notice",     [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

const char *log_level_name(enum log_level level)
{
    return level >= LOG_LEVEL_CRITICAL && level <= LOG_LEVEL_DEBUG ? level_names[level] : "unknown";
}

bool log_level_from_name(struct slice name, enum log_level *out)
{
    for (int level = LOG_LEVEL_CRITICAL; level <= LOG_LEVEL_DEBUG; level++)
        if (slice_eq_cstr(name, level_names[level])) {
            *out = (enum log_level)level;
            return true;
        }
    return false;
}

void log_set_level(enum log_level level)
{
    atomic_store(&log_state.level, (int)level);
}

bool log_wants(enum log_level level)
{
    return (int)level <= atomic_load(&log_state.level);
}

void log_set_sink(log_sink_fn sink, void *context)
{
    log_state.sink = sink;
    log_state.sink_context = context;
}

/* --- escaping --- */

struct line {
    char *text;
    size_t len;
    size_t max; /* characters, without the NUL */
    bool cut;
};

static void line_put(struct line *line, const char *bytes, size_t len)
{
    if (line->cut || line->len + len > line->max) {
        line->cut = true;
        return;
    }
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
}

/* Length of the UTF-8 character at the front, 0 where there is none; overlong forms and surrogates
 * are none. */
static size_t utf8_next(const unsigned char *s, size_t left, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : s[0] >= 0xC2 ? 2 : 0;
    if (len == 0 || len > left || s[0] > 0xF4)
        return 0;
    *code = len == 1 ? s[0] : s[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (s[i] & 0x3Fu);
    }
    bool good = *code >= least[len] && *code <= 0x10FFFF && (*code < 0xD800 || *code > 0xDFFF);
    return good ? len : 0;
}

/* What could end a line, move a terminal's cursor or turn the writing direction (UAX 9). */
static bool is_hostile(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || code == 0x200E ||
           code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

static void put_escaped(struct line *line, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char hex[5];
        snprintf(hex, sizeof hex, "\\x%02X", bytes[i]);
        line_put(line, hex, 4);
    }
}

static void put_text(struct line *line, struct slice text, bool quoting)
{
    const unsigned char *s = (const unsigned char *)text.ptr;
    for (size_t i = 0; i < text.len;) {
        uint32_t code = 0;
        size_t len = utf8_next(s + i, text.len - i, &code);
        if (len == 0 || is_hostile(code)) {
            len = len ? len : 1;
            put_escaped(line, s + i, len);
        } else {
            if (quoting && (code == '"' || code == '\\'))
                line_put(line, "\\", 1);
            line_put(line, text.ptr + i, len);
        }
        i += len;
    }
}

static bool is_plain_word(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return value.len > 0;
}

struct log_quoted log_quote(struct slice value)
{
    struct log_quoted out;
    /* Room for the closing quote and for "..." where the value is cut. */
    struct line line = {.text = out.text, .max = LOG_QUOTED_MAX - 5};
    bool plain = is_plain_word(value);
    if (!plain)
        line_put(&line, "\"", 1);
    put_text(&line, value, !plain);
    if (line.cut) {
        memcpy(out.text + line.len, "...", 3);
        line.len += 3;
    }
    if (!plain)
        out.text[line.len++] = '"';
    out.text[line.len] = '\0';
    return out;
}

struct log_quoted log_quote_cstr(const char *value)
{
    return log_quote(slice_from_cstr(value));
}

/* --- lines --- */

/* systemd names the stream that it reads by device and inode, so that a redirected stderr is not
 * taken for it. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    uintmax_t device = 0, inode = 0;
    if (!stream || sscanf(stream, "%ju:%ju", &device, &inode) != 2 ||
        fstat(STDERR_FILENO, &st) != 0)
        return false;
    return device == (uintmax_t)st.st_dev && inode == (uintmax_t)st.st_ino;
}

static void put_prefix(struct line *line, enum log_level level)
{
    char text[CLOCK_TEXT_MAX + 16];
    if (stderr_is_journal()) {
        snprintf(text, sizeof text, "<%d>", (int)level);
    } else {
        char now[CLOCK_TEXT_MAX];
        clock_format_us(clock_now_us(&clock_system), now);
        snprintf(text, sizeof text, "%s %-8s ", now, log_level_name(level));
    }
    line_put(line, text, strlen(text));
}

static void write_all(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* there is nowhere left to say it */
        text += n;
        len -= (size_t)n;
    }
}

static void put_event(struct line *line, const char *event, const char *format, va_list args)
{
    char pairs[LOG_LINE_MAX];
    int wanted = vsnprintf(pairs, sizeof pairs, format, args);
    size_t len = wanted < 0 ? 0 : (size_t)wanted < sizeof pairs ? (size_t)wanted : sizeof pairs - 1;
    line_put(line, event, strlen(event));
    if (len > 0)
        line_put(line, " ", 1);
    put_text(line, slice_of(pairs, len), false);
    if (line->cut || (wanted > 0 && (size_t)wanted > len)) {
        memcpy(line->text + line->len, "...", 3);
        line->len += 3;
    }
}

void log_vwrite(enum log_level level, const char *event, const char *format, va_list args)
{
    if (!log_wants(level))
        return;
    int saved = errno;
    char text[LOG_LINE_MAX + 8];
    struct line line = {.text = text, .max = LOG_LINE_MAX};
    if (!log_state.sink)
        put_prefix(&line, level);
    put_event(&line, event, format, args);
    if (log_state.sink) {
        text[line.len] = '\0';
        log_state.sink(log_state.sink_context, level, text);
    } else {
        text[line.len++] = '\n';
        write_all(text, line.len);
    }
    errno = saved;
}

void log_write(enum log_level level, const char *event, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_vwrite(level, event, format, args);
    va_end(args);
}
