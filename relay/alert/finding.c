#include "alert/finding.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

enum { FINDINGS_MAX = 200, MORE_TEXT_BYTES = 48 };

const char *finding_severity_name(enum finding_severity severity)
{
    static const char *const names[] = {"note", "warning", "fatal"};
    return names[severity];
}

static struct finding *add(struct findings *findings, struct arena *arena)
{
    findings->items = arena_grow(arena, findings->items, findings->count, &findings->capacity,
                                 sizeof *findings->items);
    struct finding *finding = &findings->items[findings->count++];
    *finding = (struct finding){0};
    return finding;
}

static struct finding *find_from(const struct findings *findings, size_t first, const char *rule)
{
    for (size_t i = first; i < findings->count; i++) {
        if (strcmp(findings->items[i].rule, rule) == 0)
            return &findings->items[i];
    }
    return NULL;
}

static void count_more(struct findings *findings, struct arena *arena)
{
    struct finding *more =
        findings->left_out ? find_from(findings, FINDINGS_MAX, "findings.more") : NULL;
    if (!more) {
        more = add(findings, arena);
        more->rule = "findings.more";
        more->where = SLICE("alert");
    }
    findings->left_out++;
    char *text =
        more->text.ptr ? (char *)(uintptr_t)more->text.ptr : arena_alloc(arena, MORE_TEXT_BYTES);
    int len = snprintf(text, MORE_TEXT_BYTES, "%zu more findings left out", findings->left_out);
    more->text = slice_of(text, (size_t)len);
}

void findings_add(struct findings *findings, struct arena *arena, const char *rule,
                  enum finding_severity severity, const char *where, unsigned line,
                  const char *format, ...)
{
    if (findings->count >= FINDINGS_MAX && severity != FINDING_FATAL) {
        count_more(findings, arena);
        return;
    }
    struct finding *finding = add(findings, arena);
    finding->rule = rule;
    finding->severity = severity;
    finding->where = arena_copy(arena, slice_from_cstr(where));
    finding->line = line;
    va_list args;
    va_start(args, format);
    finding->text = arena_vprintf(arena, format, args);
    va_end(args);
}

bool findings_have_fatal(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].severity == FINDING_FATAL)
            return true;
    }
    return false;
}

bool findings_have(const struct findings *findings, const char *rule)
{
    return find_from(findings, 0, rule) != NULL;
}
