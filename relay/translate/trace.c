#include "translate/trace.h"

#include <stdio.h>
#include <string.h>

void trace_add(struct trace *trace, struct arena *arena, enum trace_kind kind, const char *from,
               const char *to, const char *by, ...)
{
    if (!trace)
        return;
    va_list args;
    va_start(args, by);
    struct slice text = arena_vprintf(arena, by, args);
    va_end(args);
    trace->items =
        arena_grow(arena, trace->items, trace->count, &trace->capacity, sizeof(*trace->items));
    trace->items[trace->count++] =
        (struct trace_item){.kind = kind,
                            .from = arena_copy(arena, slice_from_cstr(from)),
                            .to = arena_copy(arena, slice_from_cstr(to)),
                            .by = text};
}

/* "alert/info[7]/event": where the number ends, or NULL; *info counted from 0. */
static const char *info_number(const char *path, size_t *info)
{
    int end = 0;
    if (sscanf(path, "alert/info[%zu%n]", info, &end) != 1 || *info == 0 || path[end] != ']')
        return NULL;
    --*info;
    return path + end;
}

void trace_move_infos(struct trace *trace, struct arena *arena, const size_t *places, size_t count)
{
    if (!trace)
        return;
    size_t *kept = arena_alloc_array(arena, count, sizeof(*kept));
    for (size_t i = 0; i < count; i++)
        kept[i] = places[i];
    trace->places = kept;
    for (size_t i = 0; i < trace->count; i++) {
        size_t info;
        const char *path = arena_cstr(arena, trace->items[i].to);
        const char *rest = info_number(path, &info);
        if (rest && info < count)
            trace->items[i].to = arena_printf(arena, "alert/info[%zu%s", places[info] + 1, rest);
    }
}

/* `text` with `before` in front replaced; "" where it does not begin so. */
static const char *moved(struct arena *arena, struct slice text, const char *before,
                         const char *path)
{
    size_t len = strlen(before);
    if (!slice_starts_with(text, before) || text.len <= len || text.ptr[len] != '/')
        return "";
    struct slice rest = slice_sub(text, len, text.len);
    return arena_printf(arena, "%s%.*s", path, SLICE_ARG(rest)).ptr;
}

/* What is each area's own, whatever its shapes and codes are copied from. */
static bool is_own(struct slice path)
{
    return slice_ends_with(path, "/areaDesc") || slice_ends_with(path, "/altitude") ||
           slice_ends_with(path, "/ceiling");
}

static bool is_below(struct slice path, struct slice parent)
{
    return path.len > parent.len && slice_eq(slice_sub(path, 0, parent.len), parent) &&
           path.ptr[parent.len] == '/';
}

/* What the trace says of one area stands together: the last such run, which is the nearest. */
static void run_of(const struct trace *trace, struct slice parent, size_t *first, size_t *end)
{
    size_t at = trace->count;
    while (at > 0 && !is_below(trace->items[at - 1].from, parent) &&
           !is_below(trace->items[at - 1].to, parent))
        at--;
    *end = at;
    while (at > 0 && (is_below(trace->items[at - 1].from, parent) ||
                      is_below(trace->items[at - 1].to, parent)))
        at--;
    *first = at;
}

void trace_repeat(struct trace *trace, struct arena *arena, const char *before, const char *path)
{
    size_t first = 0, end = 0;
    if (trace)
        run_of(trace, slice_from_cstr(before), &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct trace_item item = trace->items[i];
        const char *from = moved(arena, item.from, before, path);
        const char *to = moved(arena, item.to, before, path);
        if ((*from || *to) && !is_own(item.from) && !is_own(item.to))
            trace_add(trace, arena, item.kind, from, to, "%.*s", SLICE_ARG(item.by));
    }
}
