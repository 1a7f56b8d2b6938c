#include "words.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 16 };

void line_split(char *text, struct words *words)
{
    words->count = 0;
    while (words->count < WORDS_MAX - 8) {
        text += strspn(text, " \t\n");
        if (!*text || *text == '#')
            return;
        char *to = text;
        words->items[words->count++] = to;
        bool quoted = false;
        for (; *text && (quoted || !strchr(" \t\n", *text)); text++) {
            if (*text == '"')
                quoted = !quoted;
            else
                *to++ = *text;
        }
        bool end = !*text;
        *to = '\0';
        if (end)
            return;
        text++;
    }
}

const char *word_value(const struct words *words, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 1; i < words->count; i++)
        if (strncmp(words->items[i], key, len) == 0 && words->items[i][len] == '=')
            return words->items[i] + len + 1;
    return NULL;
}

const char *word_after(const struct words *words, const char *key)
{
    for (size_t i = 2; i + 1 < words->count; i++)
        if (strcmp(words->items[i], key) == 0)
            return words->items[i + 1];
    return NULL;
}

const struct slice *list_value(struct arena *arena, const struct words *words, const char *key,
                               size_t *count)
{
    const char *text = word_value(words, key);
    struct slice *items = arena_alloc_array(arena, LIST_MAX, sizeof(*items));
    struct slice rest = arena_copy(arena, slice_from_cstr(text ? text : "")), part;
    *count = 0;
    while (text && *count < LIST_MAX && slice_next_part(&rest, ',', &part))
        items[(*count)++] = part;
    return items;
}

struct slice kept_word(struct arena *arena, const char *text)
{
    return arena_copy(arena, slice_from_cstr(text));
}

double number_value(const struct words *words, const char *key, double otherwise)
{
    const char *text = word_value(words, key);
    return text ? atof(text) : otherwise;
}
