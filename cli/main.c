/* caprelay VERB: the command line of the relay. */
#include "cli/verbs.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct verb verbs[] = {
    {"watch", verb_watch, "follow the feed and show each alert, verified"},
    {"in-force", verb_in_force, "list what is in force"},
    {"status", verb_status, "the relay's state: sources, journal, keys, subscribers"},
    {"why", verb_why, "what became of a message, and why"},
    {"get", verb_get, "one bulletin by its number"},
    {"copies", verb_copies, "the copies of a bulletin's alert that came later"},
    {"inject", verb_inject, "hand an alert to the relay as an alerting authority"},
    {"keys", verb_keys, "make keys, sign the key list, make a contact card"},
    {"check", verb_check, "findings for CAP files, without a relay"},
    {"translate", verb_translate, "a CAP file for the other side, without a relay"},
};

static void help(FILE *out)
{
    fputs("usage: caprelay VERB [OPTION]... [ARGUMENT]...\n\n", out);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    fputs("\ncaprelay VERB --help says more. caprelay --version names the version.\n", out);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    setlocale(LC_TIME, "");
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of write(), not a death */
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(name, verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0) {
        puts("caprelay " CAPRELAY_VERSION);
        return 0;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        help(stdout);
        return 0;
    }
    if (*name)
        fprintf(stderr, "caprelay: no verb '%s'\n", name);
    help(stderr);
    return 2;
}
