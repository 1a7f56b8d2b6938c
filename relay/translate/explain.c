#include "translate/explain.h"

#include "base/mem.h"
#include "translate/leaves.h"
#include "translate/tables.h"

#include <stdio.h>
#include <stdlib.h>

/* Each leaf of the derived message is explained once, each of the source at least once. */
struct side_leaves {
    struct leaves leaves;
    bool *told;
    size_t *row; /* the first that tells of it */
};

struct work_explain {
    struct arena *arena;
    const struct trace *trace;
    struct side_leaves source, derived;
    struct map *dropped; /* paths of the source that the trace drops */
    struct map *targets; /* paths of the derived message that the trace tells of */
    struct map *moves;   /* areas and resources that changed their place: path to struct slice */
    struct map *values;  /* list and value of leaves of the derived message, to struct same */
    size_t *next_same;   /* of each such leaf: the next one in its list that says the same */
    struct explanation *out;
};

static const char *const how_names[] = {"copied", "mapped",  "computed",
                                        "added",  "dropped", "unaccounted"};

const char *explain_how_name(enum explain_how how)
{
    return how_names[how];
}

struct slice explain_note_meaning(const char *code)
{
    return table_cell("note_codes", slice_from_cstr(code), "meaning");
}

static enum explain_how how_of(enum trace_kind kind)
{
    static const enum explain_how hows[] = {[TRACE_MAPPED] = EXPLAIN_MAPPED,
                                            [TRACE_COMPUTED] = EXPLAIN_COMPUTED,
                                            [TRACE_ADDED] = EXPLAIN_ADDED,
                                            [TRACE_DROPPED] = EXPLAIN_DROPPED};
    return hows[kind];
}

/* --- paths --- */

/* The number after "alert/info[", counted from 0; *rest is what follows its bracket. */
static bool info_of_path(struct slice path, size_t *info, struct slice *rest)
{
    static const char head[] = "alert/info[";
    struct slice tail = slice_sub(path, sizeof(head) - 1, path.len);
    ptrdiff_t end = slice_find(tail, "]");
    unsigned long long number = 0;
    if (!slice_starts_with(path, head) || end < 0 ||
        !slice_to_u64(slice_sub(tail, 0, (size_t)end), &number) || number == 0)
        return false;
    *info = (size_t)number - 1;
    *rest = slice_sub(tail, (size_t)end + 1, tail.len);
    return true;
}

static size_t place_of_info(const struct trace *trace, size_t info)
{
    return trace->places && info < trace->info_count ? trace->places[info] : info;
}

/* Where what stands at that path of the source stands in the derived message. */
static struct slice path_derived(struct work_explain *work, struct slice path)
{
    size_t info;
    struct slice rest;
    const struct slice *moved = map_get(work->moves, path);
    if (moved)
        return *moved;
    ptrdiff_t deep = slice_starts_with(path, "alert/info[") ? slice_find(path, "]/") : -1;
    ptrdiff_t end = deep < 0 ? -1 : slice_find(slice_sub(path, (size_t)deep + 2, path.len), "/");
    if (end >= 0) {
        size_t at = (size_t)deep + 2 + (size_t)end;
        moved = map_get(work->moves, slice_sub(path, 0, at));
        if (moved)
            return arena_printf(work->arena, "%.*s%.*s", SLICE_ARG(*moved),
                                SLICE_ARG(slice_sub(path, at, path.len)));
    }
    if (!info_of_path(path, &info, &rest))
        return path;
    return arena_printf(work->arena, "alert/info[%zu]%.*s", place_of_info(work->trace, info) + 1,
                        SLICE_ARG(rest));
}

static struct slice last_part(struct slice path)
{
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    return slice_sub(path, at, path.len);
}

/* An info, area or resource, which has no value itself. */
static bool is_container(struct slice path)
{
    struct slice part = last_part(path);
    return slice_eq_cstr(path, "alert") || slice_starts_with(part, "info") ||
           slice_eq_cstr(part, "area") || slice_starts_with(part, "area[") ||
           slice_eq_cstr(part, "resource") || slice_starts_with(part, "resource[");
}

static bool is_info(struct slice path)
{
    size_t info;
    struct slice rest;
    return info_of_path(path, &info, &rest) && slice_is_empty(rest);
}

/* --- rows --- */

static void put_row(struct work_explain *work, struct explain_row row)
{
    struct explanation *out = work->out;
    out->rows = arena_grow(work->arena, out->rows, out->count, &out->capacity, sizeof(*out->rows));
    out->rows[out->count++] = row;
    out->unaccounted += row.how == EXPLAIN_UNACCOUNTED;
}

static void tell(struct side_leaves *side, size_t leaf, size_t row)
{
    if (!side->told[leaf])
        side->row[leaf] = row;
    side->told[leaf] = true;
}

enum { NO_LEAF = -1 };

/* `from` and `to` are leaves of their side, or NO_LEAF. */
static void explain_leaf(struct work_explain *work, enum explain_how how, ptrdiff_t from,
                         ptrdiff_t to, struct slice by)
{
    struct explain_row row = {.how = how, .by = by};
    if (from != NO_LEAF) {
        row.from = work->source.leaves.items[from].path;
        row.from_value = work->source.leaves.items[from].value;
        tell(&work->source, (size_t)from, work->out->count);
    }
    if (to != NO_LEAF) {
        row.to = work->derived.leaves.items[to].path;
        row.to_value = work->derived.leaves.items[to].value;
        tell(&work->derived, (size_t)to, work->out->count);
    }
    put_row(work, row);
}

/* --- copies --- */

/* Leaves of one list that say the same, in their order: chained by next_same. */
struct same {
    size_t first, last; /* NO_MORE: all of them are taken */
};
#define NO_MORE SIZE_MAX

/* Rings are the same by their points, however these are spelled. */
static struct slice list_and_value(struct arena *arena, struct slice list, const struct leaf *leaf)
{
    bool ring = leaf->ring && leaf->ring->count > 0;
    struct slice value = ring ? slice_of((const char *)leaf->ring->points,
                                         leaf->ring->count * sizeof(*leaf->ring->points))
                              : leaf->value;
    char *key = arena_alloc(arena, list.len + 1 + value.len);
    memcpy(key, list.ptr, list.len);
    memcpy(key + list.len + 1, value.ptr, value.len);
    return slice_of(key, list.len + 1 + value.len);
}

static struct slice list_of(struct arena *arena, struct slice parent, const struct leaf *leaf)
{
    return arena_printf(arena, "%.*s/%.*s", SLICE_ARG(parent), SLICE_ARG(leaf->element));
}

static void index_values(struct work_explain *work)
{
    const struct leaves *leaves = &work->derived.leaves;
    work->next_same = arena_alloc_array(work->arena, leaves->count, sizeof(*work->next_same));
    for (size_t i = 0; i < leaves->count; i++) {
        const struct leaf *leaf = &leaves->items[i];
        struct slice key =
            list_and_value(work->arena, list_of(work->arena, leaf->parent, leaf), leaf);
        struct same *same = map_get(work->values, key);
        work->next_same[i] = NO_MORE;
        if (same) {
            work->next_same[same->last] = i;
            same->last = i;
            continue;
        }
        same = arena_alloc(work->arena, sizeof(*same));
        *same = (struct same){.first = i, .last = i};
        map_put(work->values, key, same);
    }
}

/* An element of the corresponding list that says the same and that nothing else explains. */
static ptrdiff_t find_copy(struct work_explain *work, const struct leaf *leaf)
{
    struct slice list = list_of(work->arena, path_derived(work, leaf->parent), leaf);
    struct same *same = map_get(work->values, list_and_value(work->arena, list, leaf));
    while (same && same->first != NO_MORE) {
        size_t i = same->first;
        same->first = work->next_same[i];
        if (!map_get(work->targets, work->derived.leaves.items[i].path))
            return (ptrdiff_t)i;
    }
    return NO_LEAF;
}

static bool is_dropped(const struct work_explain *work, const struct leaf *leaf)
{
    return map_get(work->dropped, leaf->path) || map_get(work->dropped, leaf->parent);
}

static void explain_copies(struct work_explain *work)
{
    for (size_t i = 0; i < work->source.leaves.count; i++) {
        const struct leaf *leaf = &work->source.leaves.items[i];
        ptrdiff_t copy = is_dropped(work, leaf) ? NO_LEAF : find_copy(work, leaf);
        if (copy != NO_LEAF)
            explain_leaf(work, EXPLAIN_COPIED, (ptrdiff_t)i, copy, (struct slice){0});
    }
}

/* --- what the trace says --- */

/* "TABLE:KEY" with the confidence of its row, where the step did not write it already. */
static struct slice by_row(struct work_explain *work, struct slice by)
{
    ptrdiff_t colon = slice_find(by, ":");
    struct slice key = slice_sub(by, (size_t)(colon + 1), by.len);
    if (colon <= 0 || slice_starts_with(key, " ") || slice_find(by, " (") >= 0)
        return by;
    char *name = arena_cstr(work->arena, slice_sub(by, 0, (size_t)colon));
    const struct schema_table *table = schema_table_find(name);
    for (size_t i = 0; table && i < table->column_count; i++) {
        if (strcmp(table->columns[i], "confidence") != 0)
            continue;
        struct slice confidence = table_cell_nocase(name, key, "confidence");
        if (!slice_is_empty(confidence))
            return arena_printf(work->arena, "%.*s (%.*s)", SLICE_ARG(by), SLICE_ARG(confidence));
    }
    return by;
}

static bool is_exact(const struct leaves *leaves, struct leaf_range range, struct slice path)
{
    return range.end == range.first + 1 && slice_eq(leaves->items[range.first].path, path);
}

static void explain_pair(struct work_explain *work, const struct trace_item *item, size_t from,
                         size_t to)
{
    bool same = leaf_same(&work->source.leaves.items[from], &work->derived.leaves.items[to]);
    explain_leaf(work, same ? EXPLAIN_COPIED : how_of(item->kind), (ptrdiff_t)from, (ptrdiff_t)to,
                 by_row(work, item->by));
}

/* From or to more than one leaf: those of the derived message that nothing else explains, and those
 * of the source unless a whole container is meant. */
static void explain_many(struct work_explain *work, const struct trace_item *item,
                         struct leaf_range from, struct leaf_range to)
{
    enum explain_how how = how_of(item->kind);
    struct slice by = by_row(work, item->by);
    bool exact = is_exact(&work->source.leaves, from, item->from);
    for (size_t i = to.first; i < to.end; i++) {
        if (work->derived.told[i])
            continue;
        explain_leaf(work, how, exact ? (ptrdiff_t)from.first : NO_LEAF, (ptrdiff_t)i, by);
        if (!exact)
            work->out->rows[work->out->count - 1].from = item->from;
    }
    bool lost = item->kind == TRACE_DROPPED;
    if (!lost && (to.end == to.first || is_container(item->from)))
        return;
    for (size_t i = from.first; i < from.end; i++) {
        if (work->source.told[i])
            continue;
        explain_leaf(work, how, (ptrdiff_t)i, NO_LEAF, by);
        if (!lost)
            work->out->rows[work->out->count - 1].to = item->to;
    }
}

/* Two lists of the same length, mapped in their order. */
static bool is_one_by_one(const struct work_explain *work, const struct trace_item *item,
                          struct leaf_range from, struct leaf_range to)
{
    if (item->kind != TRACE_MAPPED || is_container(item->from) || is_container(item->to) ||
        from.end - from.first != to.end - to.first)
        return false;
    for (size_t i = from.first; i < from.end; i++) {
        if (work->source.told[i])
            return false;
    }
    for (size_t i = to.first; i < to.end; i++) {
        if (work->derived.told[i])
            return false;
    }
    return true;
}

static void explain_traced(struct work_explain *work)
{
    for (size_t i = 0; i < work->trace->count; i++) {
        const struct trace_item *item = &work->trace->items[i];
        if (is_info(item->from) && is_info(item->to))
            continue; /* a whole info said in another language: explain_echoes() */
        struct leaf_range from = leaves_find(&work->source.leaves, item->from);
        struct leaf_range to = leaves_find(&work->derived.leaves, item->to);
        bool exact = is_exact(&work->source.leaves, from, item->from) &&
                     is_exact(&work->derived.leaves, to, item->to);
        if (exact || is_one_by_one(work, item, from, to)) {
            for (size_t j = 0; j < from.end - from.first; j++)
                explain_pair(work, item, from.first + j, to.first + j);
        } else {
            explain_many(work, item, from, to);
        }
    }
}

/* --- what notes say --- */

/* Whether the note, by note_codes.tsv, tells of that element. */
static bool is_about(struct slice about, struct slice element)
{
    struct slice part;
    while (slice_next_token(&about, &part)) {
        if (slice_eq_cstr(part, "*") || slice_eq(part, element))
            return true;
    }
    return false;
}

static void note_changed(struct work_explain *work, size_t from, struct slice by)
{
    struct slice path = path_derived(work, work->source.leaves.items[from].path);
    struct leaf_range to = leaves_find(&work->derived.leaves, path);
    bool exact = is_exact(&work->derived.leaves, to, path) && !work->derived.told[to.first];
    if (exact)
        explain_leaf(work, EXPLAIN_MAPPED, (ptrdiff_t)from, (ptrdiff_t)to.first, by);
}

static void note_added(struct work_explain *work, const struct note *note, struct slice about,
                       struct slice by)
{
    struct leaf_range to = leaves_find(&work->derived.leaves, path_derived(work, note->where));
    for (size_t i = to.first; i < to.end; i++) {
        if (!work->derived.told[i] && is_about(about, work->derived.leaves.items[i].element))
            explain_leaf(work, EXPLAIN_ADDED, NO_LEAF, (ptrdiff_t)i, by);
    }
}

static void explain_noted(struct work_explain *work, const struct notes *notes)
{
    for (size_t n = 0; n < notes->count; n++) {
        const struct note *note = &notes->items[n];
        struct slice code = slice_from_cstr(note->code);
        struct slice about = table_cell("note_codes", code, "about");
        struct slice effect = table_cell("note_codes", code, "effect");
        struct slice by = arena_printf(work->arena, "note: %s", note->code);
        struct leaf_range from = leaves_find(&work->source.leaves, note->where);
        bool lost = slice_eq_cstr(effect, "lost");
        if (slice_eq_cstr(effect, "added"))
            note_added(work, note, about, by);
        for (size_t i = from.first; i < from.end; i++) {
            if (work->source.told[i] || !is_about(about, work->source.leaves.items[i].element))
                continue;
            if (lost)
                explain_leaf(work, EXPLAIN_DROPPED, (ptrdiff_t)i, NO_LEAF, by);
            else if (slice_eq_cstr(effect, "changed"))
                note_changed(work, i, by);
        }
    }
}

/* --- infos that say another one in another language --- */

/* A leaf that says the same in the info that this one was made from, in the derived message. */
static ptrdiff_t find_sibling(struct work_explain *work, const struct leaf *leaf, size_t info)
{
    size_t own;
    struct slice rest;
    if (!info_of_path(leaf->parent, &own, &rest))
        return NO_LEAF;
    struct slice list =
        arena_printf(work->arena, "alert/info[%zu]%.*s/%.*s", place_of_info(work->trace, info) + 1,
                     SLICE_ARG(rest), SLICE_ARG(leaf->element));
    struct leaf_range range = leaves_find(&work->derived.leaves, list);
    for (size_t i = range.first; i < range.end; i++) {
        if (work->derived.told[i] && leaf_same(leaf, &work->derived.leaves.items[i]))
            return (ptrdiff_t)i;
    }
    return NO_LEAF;
}

static void explain_echo(struct work_explain *work, const struct trace_item *item)
{
    size_t info;
    struct slice rest;
    struct leaf_range to = leaves_find(&work->derived.leaves, item->to);
    if (!info_of_path(item->from, &info, &rest))
        return;
    for (size_t i = to.first; i < to.end; i++) {
        const struct leaf *leaf = &work->derived.leaves.items[i];
        if (work->derived.told[i])
            continue;
        ptrdiff_t sibling = find_sibling(work, leaf, info);
        struct explain_row row = {
            .how = EXPLAIN_COMPUTED, .from = item->from, .by = by_row(work, item->by)};
        if (sibling != NO_LEAF)
            row = work->out->rows[work->derived.row[sibling]];
        row.to = leaf->path;
        row.to_value = leaf->value;
        tell(&work->derived, i, work->out->count);
        put_row(work, row);
    }
}

static void explain_echoes(struct work_explain *work)
{
    for (size_t i = 0; i < work->trace->count; i++) {
        const struct trace_item *item = &work->trace->items[i];
        if (is_info(item->from) && is_info(item->to))
            explain_echo(work, item);
    }
}

/* --- what nobody says --- */

static void explain_rest(struct work_explain *work)
{
    struct slice nobody = SLICE("nobody says why");
    for (size_t i = 0; i < work->source.leaves.count; i++) {
        if (!work->source.told[i])
            explain_leaf(work, EXPLAIN_UNACCOUNTED, (ptrdiff_t)i, NO_LEAF, nobody);
    }
    for (size_t i = 0; i < work->derived.leaves.count; i++) {
        if (!work->derived.told[i])
            explain_leaf(work, EXPLAIN_UNACCOUNTED, NO_LEAF, (ptrdiff_t)i, nobody);
    }
}

/* --- order --- */

static struct slice parent_of(struct slice path)
{
    return is_container(path) ? path : slice_sub(path, 0, path.len - last_part(path).len - 1);
}

/* What is left out stands behind the element before it, in its own alert, info, area or resource.
 */
static void place_rows(struct work_explain *work)
{
    struct explanation *out = work->out;
    size_t last = 0;
    struct slice group = SLICE("alert");
    size_t *place_of_leaf =
        arena_alloc_array(work->arena, work->source.leaves.count, sizeof(*place_of_leaf));
    for (size_t i = 0; i < work->source.leaves.count; i++) {
        const struct leaf *leaf = &work->source.leaves.items[i];
        const struct explain_row *row = &out->rows[work->source.row[i]];
        struct slice parent = path_derived(work, leaf->parent);
        struct leaf_range range = leaves_find(&work->derived.leaves, parent);
        if (!slice_eq(parent, group) && range.end > range.first)
            last = 2 * range.first;
        group = parent;
        struct leaf_range to = leaves_find(&work->derived.leaves, row->to);
        if (!slice_is_empty(row->to) && to.end > to.first)
            last = 2 * to.first + 1;
        place_of_leaf[i] = last;
    }
    for (size_t i = 0; i < out->count; i++) {
        struct explain_row *row = &out->rows[i];
        struct leaf_range to = leaves_find(&work->derived.leaves, row->to);
        struct leaf_range from = leaves_find(&work->source.leaves, row->from);
        bool has_to = !slice_is_empty(row->to) && to.end > to.first;
        size_t place = has_to ? 2 * to.first + 1 : place_of_leaf[from.first];
        row->place = place * out->count + i;
        row->group = has_to ? parent_of(row->to) : path_derived(work, parent_of(row->from));
    }
}

static int by_place(const void *a, const void *b)
{
    const struct explain_row *x = a, *y = b;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* --- the whole --- */

static void read_trace(struct work_explain *work)
{
    for (size_t i = 0; i < work->trace->count; i++) {
        struct trace_item *item = &work->trace->items[i];
        if (item->kind == TRACE_DROPPED)
            map_put(work->dropped, item->from, item);
        if (!slice_is_empty(item->to) && !is_container(item->to))
            map_put(work->targets, item->to, item);
        if (is_container(item->from) && is_container(item->to) && !is_info(item->from))
            map_put(work->moves, item->from, &item->to);
    }
}

static void side_read(struct side_leaves *side, struct arena *arena, const struct alert *alert,
                      const struct cap_info *const *infos, size_t count)
{
    leaves_read(&side->leaves, arena, alert, infos, count);
    side->told = arena_alloc_array(arena, side->leaves.count, sizeof(*side->told));
    side->row = arena_alloc_array(arena, side->leaves.count, sizeof(*side->row));
}

static const struct cap_info *const *infos_of(struct arena *arena, const struct alert *alert)
{
    const struct cap_info **infos = arena_alloc_array(arena, alert->info_count, sizeof(*infos));
    for (size_t i = 0; i < alert->info_count; i++)
        infos[i] = &alert->infos[i];
    return infos;
}

static void explain_all(struct work_explain *work, const struct notes *notes)
{
    struct explanation *out = work->out;
    read_trace(work);
    index_values(work);
    explain_copies(work);
    explain_traced(work);
    explain_noted(work, notes);
    explain_echoes(work);
    explain_rest(work);
    place_rows(work);
    if (out->count > 0)
        qsort(out->rows, out->count, sizeof(*out->rows), by_place);
}

bool explain(const struct alert *source, const struct translation *translation,
             const struct trace *trace, struct arena *arena, struct explanation *out)
{
    const struct alert *derived = translation->derived;
    *out = (struct explanation){0};
    struct work_explain work = {.arena = arena,
                                .trace = trace,
                                .dropped = map_create(),
                                .targets = map_create(),
                                .moves = map_create(),
                                .values = map_create(),
                                .out = out};
    side_read(&work.source, arena, source, trace->infos, trace->info_count);
    side_read(&work.derived, arena, derived, infos_of(arena, derived), derived->info_count);
    bool few = !work.source.leaves.too_many && !work.derived.leaves.too_many;
    if (few)
        explain_all(&work, &translation->notes);
    map_destroy(work.dropped, NULL);
    map_destroy(work.targets, NULL);
    map_destroy(work.moves, NULL);
    map_destroy(work.values, NULL);
    leaves_fini(&work.source.leaves);
    leaves_fini(&work.derived.leaves);
    return few;
}
