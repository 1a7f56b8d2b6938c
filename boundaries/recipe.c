#include "recipe.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const layer_names[] = {
    [GEO_NONE] = "",
    [GEO_COUNTRY] = "country",
    [GEO_CA_PROVINCE] = "ca_province",
    [GEO_CA_CD] = "ca_cd",
    [GEO_CA_CSD] = "ca_csd",
    [GEO_CA_CLC] = "ca_clc",
    [GEO_US_STATE] = "us_state",
    [GEO_US_COUNTY] = "us_county",
    [GEO_US_SAME_PART] = "us_same_part",
    [GEO_US_ZONE] = "us_zone",
};

static const char columns[] =
    "layer\tfile\tcode\tname\tname_fr\tregion\twhere\toptions\tsource\tdate\tlicence\tattribution";

const char *layer_name(enum geo_layer layer)
{
    return layer_names[layer];
}

enum geo_layer layer_from_name(struct slice name)
{
    for (int layer = GEO_COUNTRY; layer <= GEO_US_ZONE; layer++) {
        if (slice_eq_cstr(name, layer_names[layer])) {
            return (enum geo_layer)layer;
        }
    }
    return GEO_NONE;
}

struct slice recipe_option(const struct recipe_row *row, const char *key)
{
    struct slice rest = slice_from_cstr(row->options);
    struct slice token;
    while (slice_next_token(&rest, &token)) {
        size_t len = strlen(key);
        if (slice_eq_cstr(token, key)) {
            return SLICE("");
        }
        if (token.len > len && token.ptr[len] == '=' && slice_starts_with(token, key)) {
            return slice_sub(token, len + 1, token.len);
        }
    }
    return (struct slice){NULL, 0};
}

/* Cuts row->line at its tabs. */
static enum err_code row_split(struct recipe_row *row, struct err *err)
{
    const char *layer = NULL;
    const char **fields[RECIPE_COLUMNS] = {
        &layer,      &row->file,    &row->code,   &row->name, &row->name_fr, &row->region,
        &row->where, &row->options, &row->source, &row->date, &row->licence, &row->attribution,
    };
    char *rest = row->line;
    size_t count = 0;
    for (char *field = strsep(&rest, "\t"); field; field = strsep(&rest, "\t")) {
        if (count == RECIPE_COLUMNS) {
            return err_set(err, ERR_INVALID, "line %u has more than %d columns", row->number,
                           RECIPE_COLUMNS);
        }
        *fields[count++] = field;
    }
    if (count != RECIPE_COLUMNS) {
        return err_set(err, ERR_INVALID, "line %u has %zu columns, not %d", row->number, count,
                       RECIPE_COLUMNS);
    }
    row->layer = layer_from_name(slice_from_cstr(layer));
    if (row->layer == GEO_NONE) {
        return err_set(err, ERR_INVALID, "line %u names an unknown layer '%s'", row->number, layer);
    }
    return OK;
}

static enum err_code line_take(struct recipe *recipe, const char *line, unsigned number,
                               size_t *capacity, struct err *err)
{
    if (line[0] == '#' || line[0] == '\0' || strcmp(line, columns) == 0) {
        return OK;
    }
    if (strncmp(line, "grade\t", 6) == 0) {
        free(recipe->grade);
        recipe->grade = mem_strdup(line + 6);
        return OK;
    }
    recipe->rows = mem_grow(recipe->rows, recipe->count, capacity, sizeof(*recipe->rows));
    struct recipe_row *row = &recipe->rows[recipe->count++];
    *row = (struct recipe_row){.line = mem_strdup(line), .number = number};
    return row_split(row, err);
}

enum err_code recipe_read(const char *path, struct recipe *out, struct err *err)
{
    *out = (struct recipe){0};
    FILE *file = fopen(path, "re");
    if (!file) {
        return err_errno(err, errno, "%s", path);
    }
    char *line = NULL;
    size_t line_size = 0;
    size_t capacity = 0;
    enum err_code code = OK;
    ssize_t len;
    for (unsigned number = 1; code == OK && (len = getline(&line, &line_size, file)) >= 0;
         number++) {
        if (len > 0 && line[len - 1] == '\n') {
            line[len - 1] = '\0';
        }
        code = line_take(out, line, number, &capacity, err);
    }
    if (code == OK && ferror(file)) {
        code = err_errno(err, errno, "reading");
    } else if (code == OK && (!out->grade || out->count == 0)) {
        code = err_set(err, ERR_INVALID, "no 'grade' line or no layers");
    }
    free(line);
    fclose(file);
    return code == OK ? OK : err_wrap(err, "%s", path);
}

void recipe_fini(struct recipe *recipe)
{
    for (size_t i = 0; i < recipe->count; i++) {
        free(recipe->rows[i].line);
    }
    free(recipe->rows);
    free(recipe->grade);
    *recipe = (struct recipe){0};
}
