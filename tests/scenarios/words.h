/*
 * words: one line of a script.
 */
#ifndef CAPRELAY_TESTS_SCENARIOS_WORDS_H
#define CAPRELAY_TESTS_SCENARIOS_WORDS_H

#include "message.h"

struct words {
    char *items[WORDS_MAX];
    size_t count;
};

/* Blanks part words; "..." keeps them; a '#' at the start of a word ends the line. The words lie in
 * `text`, which is changed. */
void line_split(char *text, struct words *words);
/* Of KEY=VALUE; NULL where there is none. */
const char *word_value(const struct words *words, const char *key);
double number_value(const struct words *words, const char *key, double otherwise);
/* Of KEY=A,B,C; in the arena. */
const struct slice *list_value(struct arena *arena, const struct words *words, const char *key,
                               size_t *count);
/* The word behind that one; NULL where there is none. */
const char *word_after(const struct words *words, const char *key);
struct slice kept_word(struct arena *arena, const char *text);

#endif
