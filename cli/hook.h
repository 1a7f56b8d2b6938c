/*
 * hook: a command of the operator's, run once for each bulletin.
 */
#ifndef CAPRELAY_CLI_HOOK_H
#define CAPRELAY_CLI_HOOK_H

#include "client/caprelay.h"

/* Runs the command by the shell, with the derived message on its standard input. Waits for it, at
 * most a minute. Says a failure on stderr; false then. */
bool hook_run(const char *command, const struct caprelay_bulletin *bulletin);

#endif
