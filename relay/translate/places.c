/*
 * Places: what an area is called in the target's language, from its codes alone: US codes in
 * French, Canadian ones in both. Whatever the area's own text says follows unaltered; where one of
 * its codes has no name, nothing is made up.
 */
#include "translate/internal.h"

/* More are not read to the end by anyone; the source's own text, which follows, has them all. */
enum { NAMES_MAX = 200 };

/* The code of the US state with those postal letters; absent where there is none. */
static struct slice state_of_letters(struct slice letters)
{
    const struct schema_table *states = schema_table_find("us_states");
    size_t postal = schema_column(states, "postal");
    for (size_t row = 0; row < states->row_count; row++) {
        if (slice_ieq_cstr(letters, schema_cell(states, row, postal)))
            return slice_from_cstr(schema_cell(states, row, 0));
    }
    return (struct slice){0};
}

static bool starts_with_vowel(struct slice name)
{
    static const char *const accented[] = {"É", "È", "Ê", "À", "Â", "Î", "Ô", "Œ"};
    if (slice_is_empty(name))
        return false;
    if (strchr("AEIOUaeiou", name.ptr[0]))
        return true;
    for (size_t i = 0; i < sizeof(accented) / sizeof(accented[0]); i++) {
        if (slice_starts_with(name, accented[i]))
            return true;
    }
    return false;
}

static const char *words_of_places(const struct work *work)
{
    return work_to_us(work) ? "english_places" : "french_places";
}

/* The line of french_places.tsv or english_places.tsv with its {} replaced. */
static struct slice filled(struct work *work, struct slice key, struct slice name)
{
    struct slice line = table_cell(words_of_places(work), key, "text");
    struct slice elided = table_cell(words_of_places(work), key, "text_vowel");
    if (starts_with_vowel(name) && !slice_is_empty(elided))
        line = elided;
    ptrdiff_t at = slice_find(line, "{}");
    if (at < 0)
        return line;
    return arena_printf(work->arena, "%.*s%.*s%.*s", (int)at, line.ptr, SLICE_ARG(name),
                        SLICE_ARG(slice_sub(line, (size_t)at + 2, line.len)));
}

static struct slice with_region(struct work *work, struct slice name, struct slice region)
{
    if (slice_is_empty(region) || slice_is_empty(name))
        return name;
    return arena_printf(work->arena, "%.*s (%.*s)", SLICE_ARG(name), SLICE_ARG(region));
}

static struct slice unit_name(const struct work *work, enum geo_layer layer, struct slice code)
{
    struct geo_unit unit;
    if (!work->options->geo || !geo_unit_find(work->options->geo, layer, code, &unit))
        return (struct slice){0};
    return unit.name;
}

/* Census code from which on a "county" is a city that belongs to none. */
static bool is_city(struct slice county)
{
    return slice_cmp(county, SLICE("510")) >= 0;
}

static struct slice county_name(struct work *work, struct slice state, struct slice county)
{
    char same[6] = {'0', state.ptr[0], state.ptr[1], county.ptr[0], county.ptr[1], county.ptr[2]};
    struct slice kind = table_cell("us_states", state, "county_kind");
    struct slice name = unit_name(work, GEO_US_COUNTY, slice_of(same, sizeof(same)));
    if (slice_is_empty(name))
        return name;
    if (slice_eq_cstr(kind, "whole"))
        return table_cell("us_states", state, "whole_fr");
    if (is_city(county))
        kind = SLICE("city");
    if (slice_eq_cstr(kind, "city") && slice_starts_with(name, "City of "))
        name = slice_sub(name, strlen("City of "), name.len);
    struct slice key = arena_printf(work->arena, "county.%.*s", SLICE_ARG(kind));
    return with_region(work, filled(work, key, name), table_cell("us_states", state, "name_fr"));
}

/* PSSCCC */
static struct slice same_name(struct work *work, struct slice code)
{
    if (code.len != 6 || !text_is_integer(code))
        return (struct slice){0};
    if (slice_eq_cstr(code, "000000"))
        return table_cell(words_of_places(work), SLICE("country.US"), "text");
    struct slice state = slice_sub(code, 1, 3), county = slice_sub(code, 3, 6);
    if (slice_is_empty(table_cell("us_states", state, "postal"))) {
        struct slice name = unit_name(work, GEO_US_SAME_PART, code);
        return slice_is_empty(name) ? name : filled(work, SLICE("marine"), name);
    }
    struct slice name = slice_eq_cstr(county, "000") ? table_cell("us_states", state, "whole_fr")
                                                     : county_name(work, state, county);
    if (slice_is_empty(name) || code.ptr[0] == '0')
        return name;
    return filled(work, arena_printf(work->arena, "part.%c", code.ptr[0]), name);
}

static struct slice fips_name(struct work *work, struct slice code)
{
    return same_name(work,
                     code.len == 5 ? arena_printf(work->arena, "0%.*s", SLICE_ARG(code)) : code);
}

/* ssCnnn, ssZnnn */
static struct slice ugc_name(struct work *work, struct slice code)
{
    if (code.len != 6)
        return (struct slice){0};
    struct slice state = state_of_letters(slice_sub(code, 0, 2)), number = slice_sub(code, 3, 6);
    bool is_county = code.ptr[2] == 'C' || code.ptr[2] == 'c';
    if (!slice_is_empty(state) && (slice_ieq_cstr(number, "ALL") || slice_eq_cstr(number, "000")))
        return table_cell("us_states", state, "whole_fr");
    if (is_county && !slice_is_empty(state) && text_is_integer(number))
        return county_name(work, state, number);
    struct slice name = unit_name(work, GEO_US_ZONE, code);
    if (slice_is_empty(name))
        return name;
    if (slice_is_empty(state))
        return filled(work, SLICE("marine"), name);
    return with_region(work, filled(work, SLICE("zone"), name),
                       table_cell("us_states", state, "name_fr"));
}

/* The name of a row in the target's language, or its other one: most places have but one. */
static struct slice name_in(const struct work *work, const char *table, struct slice code)
{
    bool english = work_to_us(work);
    struct slice name = table_cell(table, code, english ? "name_en" : "name_fr");
    return slice_is_empty(name) ? table_cell(table, code, english ? "name_fr" : "name_en") : name;
}

/* Standard Geographical Classification: 2, 4 or 7 digits, or 00. */
static struct slice sgc_name(struct work *work, struct slice code)
{
    if (slice_eq_cstr(code, "00"))
        return table_cell(words_of_places(work), SLICE("country.CA"), "text");
    struct slice province = name_in(work, "ca_provinces", slice_sub(code, 0, 2));
    if (code.len == 2)
        return province;
    struct slice name =
        code.len == 7 ? name_in(work, "ca_csd_locations", code) : unit_name(work, GEO_CA_CD, code);
    return with_region(work, name, province);
}

static struct slice clc_name(struct work *work, struct slice code)
{
    struct slice name = name_in(work, "clc_zones", code);
    return slice_is_empty(name) ? name_in(work, "clc_marine_zones", code) : name;
}

typedef struct slice name_fn(struct work *work, struct slice code);

/* A Canadian source cannot rightly use US codes, so they name nothing for the US. */
static name_fn *namer_of(const struct work *work, struct slice scheme)
{
    bool us_codes = !work_to_us(work);
    if (us_codes && slice_ieq_cstr(scheme, "UGC"))
        return ugc_name;
    if (us_codes && slice_ieq_cstr(scheme, "SAME"))
        return same_name;
    if (us_codes && slice_istarts_with(scheme, "FIPS"))
        return fips_name;
    if (slice_istarts_with(scheme, "profile:CAP-CP:Location"))
        return sgc_name;
    return slice_istarts_with(scheme, "layer:EC-MSC-SMC:") && slice_ends_with(scheme, ":CLC")
               ? clc_name
               : NULL;
}

/* The names of all codes of one scheme; absent where one has none. */
static struct slice names_by(struct work *work, const struct cap_pairs *geocodes,
                             struct slice scheme)
{
    name_fn *name_of = namer_of(work, scheme);
    struct slice names = {0};
    size_t count = 0;
    for (size_t i = 0; name_of && i < geocodes->count; i++) {
        if (!slice_ieq(geocodes->items[i].name, scheme))
            continue;
        struct slice name = name_of(work, slice_trim(geocodes->items[i].value));
        if (slice_is_empty(name))
            return name;
        if (++count > NAMES_MAX)
            return arena_printf(
                work->arena, "%.*s%.*s%.*s", SLICE_ARG(names),
                SLICE_ARG(table_words(work_words(work), "areas", "separator")),
                SLICE_ARG(table_cell(words_of_places(work), SLICE("more"), "text")));
        names = count == 1
                    ? name
                    : arena_printf(work->arena, "%.*s%.*s%.*s", SLICE_ARG(names),
                                   SLICE_ARG(table_words(work_words(work), "areas", "separator")),
                                   SLICE_ARG(name));
    }
    return names;
}

struct slice area_desc_generated(struct work *work, size_t info, size_t area)
{
    /* As the shape is looked up: a zone's UGC is the zone itself. */
    const struct cap_area *given = &work->infos[info]->areas[area];
    struct slice names = names_by(work, &given->geocodes, SLICE("UGC"));
    for (size_t i = 0; i < given->geocodes.count && slice_is_empty(names); i++) {
        struct slice scheme = given->geocodes.items[i].name;
        bool tried = i > 0 && slice_ieq(scheme, given->geocodes.items[i - 1].name);
        if (!tried)
            names = names_by(work, &given->geocodes, scheme);
    }
    if (slice_is_empty(names) || slice_is_empty(given->area_desc))
        return names;
    struct slice original = filled(work, SLICE("original"), given->area_desc);
    return arena_printf(work->arena, "%.*s%.*s", SLICE_ARG(names), SLICE_ARG(original));
}
