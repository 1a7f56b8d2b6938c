/*
 * verbs: the commands of the command line, one file each. A verb gets its own name as argv[0] and
 * returns the exit code: 0 done, 1 could not or found something, 2 wrong usage, 3 the link was
 * lost, 4 no answer.
 */
#ifndef CAPRELAY_CLI_VERBS_H
#define CAPRELAY_CLI_VERBS_H

int verb_check(int argc, char **argv);
int verb_translate(int argc, char **argv);
int verb_watch(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_in_force(int argc, char **argv);
int verb_why(int argc, char **argv);
int verb_get(int argc, char **argv);
int verb_copies(int argc, char **argv);
int verb_inject(int argc, char **argv);
int verb_keys(int argc, char **argv);

#endif
