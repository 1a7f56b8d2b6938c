/*
 * run: plays one scenario: a text script on virtual time, through the real intake and a real
 * journal.
 *
 * Setting the stage:
 *   now 2026-01-12T12:00:00Z | advance +2h | clock unsynchronised | clock synchronised
 *   source NAME [country=ca|us] [else=ca|us] [class=exercise]
 *   authority NAME [class=actual,exercise] [regions=NB,ME] [events=...]
 *   policy within=50 filter=on|off | boundaries off
 *   rule NAME relay|drop [to=] [event=] [severity-at-least=] [severity-at-most=] [source=]
 *        [status=] [within=] [beyond=]
 *   message NAME key=value... | raw NAME TEXT | envelope NAME MESSAGE...  (see message.h)
 * What happens:
 *   deliver MESSAGE from SOURCE [as AUTHORITY] [label LABEL] [dry]
 *   collect: waits for the journal and takes the outcomes; `expect` does so too
 *   restart | crash MESSAGE | kill MESSAGE
 * What must have become of it:
 *   expect LABEL VERDICT [reason=] [us=ME,NH|none|nowhere] [ca=] [first=LABEL] [remark=CODE]
 *          [no-remark=CODE] [finding=RULE] [note=CODE] [class=] [until=TIME|never]
 *          [receipt=yes|no] [bulletins=N] [alert=yes|no] [detail=PART]
 *          [geocodes=SCHEME:[CODE,...],...] [derived=MSGTYPE]
 *   in-force CLASS SIDE LABEL...: exactly these, in the order of their numbers
 *   same-derived LABEL LABEL | other-derived LABEL LABEL | counts VERDICT N
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t words; /* at least, with the name */
    void (*run)(struct world *world, const struct words *words);
} commands[] = {
    {"now", 2, do_now},
    {"advance", 2, do_now},
    {"clock", 2, do_clock},
    {"source", 2, do_source},
    {"authority", 2, do_authority},
    {"policy", 2, do_policy},
    {"rule", 3, do_rule},
    {"boundaries", 2, do_boundaries},
    {"message", 2, do_message},
    {"raw", 3, do_raw},
    {"envelope", 3, do_envelope},
    {"deliver", 4, do_deliver},
    {"collect", 1, do_collect},
    {"restart", 1, do_restart},
    {"crash", 2, do_crash},
    {"kill", 2, do_crash},
    {"expect", 3, do_expect},
    {"in-force", 3, do_in_force},
    {"same-derived", 3, do_same_derived},
    {"other-derived", 3, do_other_derived},
    {"counts", 3, do_counts},
};

static void run_line(struct world *world, char *line)
{
    struct words words;
    line_split(line, &words);
    if (!words.count)
        return;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, words.items[0]) == 0 && words.count >= commands[i].words) {
            commands[i].run(world, &words);
            return;
        }
    world_fail(world, "not understood: %s", words.items[0]);
}

int main(int argc, char **argv)
{
    static struct world world;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: scenario_run SCRIPT\n");
        return 2;
    }
    world_start(&world, argv[1]);
    char line[8192];
    while (fgets(line, sizeof(line), file)) {
        world.line++;
        run_line(&world, line);
    }
    fclose(file);
    world_end(&world);
    return 0;
}
