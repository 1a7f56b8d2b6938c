/*
 * counts: how often which verdict was given for which reason, per class, since the start. For one
 * thread.
 */
#ifndef CAPRELAY_INTAKE_COUNTS_H
#define CAPRELAY_INTAKE_COUNTS_H

#include "intake/intake.h"

struct counts;

struct counts *counts_create(void);
/* Accepts NULL. */
void counts_destroy(struct counts *counts);
/* Class and verdict names are static; reasons are copied. */
void counts_add(struct counts *counts, const char *class_name, const char *verdict,
                struct slice reason);
void counts_each(const struct counts *counts, intake_count_fn each, void *context);

#endif
