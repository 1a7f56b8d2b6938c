/*
 * stages: the order in which an alert passes through the house.
 */
#ifndef CAPRELAY_INTAKE_STAGES_H
#define CAPRELAY_INTAKE_STAGES_H

#include <stdbool.h>
#include <stddef.h>

struct passage;

struct stage {
    const char *name;
    bool (*run)(struct passage *passage); /* true: pass; false: there is a verdict */
    bool always;                          /* runs whatever was decided before */
};

extern const struct stage stages[];
extern const size_t stage_count;

void stages_run(struct passage *passage);

#endif
