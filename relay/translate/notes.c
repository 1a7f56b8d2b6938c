#include "translate/internal.h"

#include <string.h>

static void append(struct notes *notes, struct arena *arena, const char *code, const char *where,
                   struct slice text)
{
    notes->items =
        arena_grow(arena, notes->items, notes->count, &notes->capacity, sizeof(*notes->items));
    notes->items[notes->count++] = (struct note){
        .where = arena_copy(arena, slice_from_cstr(where)), .code = code, .text = text};
}

void notes_add(struct notes *notes, struct arena *arena, const char *code, const char *where,
               const char *format, ...)
{
    if (notes->count == NOTES_MAX)
        append(notes, arena, NOTE_MORE, "alert", SLICE("There were more notes than are kept."));
    if (notes->count >= NOTES_MAX)
        return;
    va_list args;
    va_start(args, format);
    struct slice text = arena_vprintf(arena, format, args);
    va_end(args);
    append(notes, arena, code, where, text);
}

bool notes_have(const struct notes *notes, const char *code)
{
    for (size_t i = 0; i < notes->count; i++) {
        if (strcmp(notes->items[i].code, code) == 0)
            return true;
    }
    return false;
}

const char *path_info(struct work *work, size_t info, const char *element)
{
    return arena_printf(work->arena, "alert/info[%zu]%s%s", info + 1, element ? "/" : "",
                        element ? element : "")
        .ptr;
}

const char *path_item(struct work *work, size_t info, const char *element, size_t item)
{
    return arena_printf(work->arena, "alert/info[%zu]/%s[%zu]", info + 1, element, item + 1).ptr;
}

const char *path_area(struct work *work, size_t info, size_t area, const char *element)
{
    return arena_printf(work->arena, "alert/info[%zu]/area[%zu]%s%s", info + 1, area + 1,
                        element ? "/" : "", element ? element : "")
        .ptr;
}

const char *path_kept(struct work *work, size_t info, const char *element, size_t kept)
{
    bool codes = strcmp(element, "eventCode") == 0;
    const struct cap_info *source = work->infos[info];
    const struct cap_pairs *given = codes ? &source->event_codes : &source->parameters;
    size_t item = 0;
    for (size_t seen = 0; item < given->count; item++) {
        if (pair_is_given(&given->items[item], codes) && seen++ == kept)
            break;
    }
    return path_item(work, info, element, item);
}

static size_t memo_place(struct slice name)
{
    size_t hash = name.len;
    for (size_t i = 0; i < name.len; i += 5) /* names of one source differ in their middles */
        hash = hash * 31 + (unsigned char)name.ptr[i];
    return hash % NAME_MEMO_COUNT;
}

struct name_rule work_name_rule(struct work *work, const char *element, struct slice name)
{
    struct name_memo *memo = &work->names[memo_place(name)];
    if (memo->element != element || !slice_eq(memo->name, name))
        *memo = (struct name_memo){
            .element = element,
            .name = name,
            .rule = table_name_rule(work->input->target, element, name, work->arena)};
    return memo->rule;
}

void pair_list_add(struct work *work, struct pair_list *list, struct slice name, struct slice value)
{
    list->pairs.items = arena_grow(work->arena, list->pairs.items, list->pairs.count,
                                   &list->capacity, sizeof(*list->pairs.items));
    list->pairs.items[list->pairs.count++] = (struct cap_pair){.name = name, .value = value};
}

void pair_list_add_once(struct work *work, struct pair_list *list, struct slice name,
                        struct slice value)
{
    for (size_t i = 0; i < list->pairs.count; i++) {
        if (slice_eq(list->pairs.items[i].name, name) &&
            slice_eq(list->pairs.items[i].value, value))
            return;
    }
    pair_list_add(work, list, name, value);
}
