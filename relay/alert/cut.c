#include "alert/cut.h"

#include "alert/markup.h"

static void add_child(struct arena *arena, struct cut *out, size_t *capacity, struct slice child)
{
    out->children = arena_grow(arena, out->children, out->count, capacity, sizeof *out->children);
    out->children[out->count++] = child;
}

bool cut_element(struct arena *arena, struct slice bytes, struct cut *out)
{
    size_t depth = 0, at = 0, child = 0, capacity = 0;
    *out = (struct cut){0};
    for (;;) {
        struct markup tag = markup_next(bytes, at);
        at = tag.end;
        switch (tag.kind) {
        case MARKUP_NONE:
            return false;
        case MARKUP_OTHER:
            continue;
        case MARKUP_START:
        case MARKUP_EMPTY:
            if (depth == 0) {
                out->before = slice_sub(bytes, 0, tag.begin);
                out->start_tag = slice_sub(bytes, tag.begin, tag.end);
            } else if (depth == 1) {
                child = tag.begin;
            }
            if (tag.kind == MARKUP_START) {
                depth++;
                continue;
            }
            break;
        case MARKUP_END:
            if (depth == 0)
                return false;
            depth--;
            break;
        }
        if (depth == 1)
            add_child(arena, out, &capacity, slice_sub(bytes, child, tag.end));
        if (depth > 0)
            continue;
        if (tag.kind == MARKUP_END)
            out->end_tag = slice_sub(bytes, tag.begin, tag.end);
        return true;
    }
}
