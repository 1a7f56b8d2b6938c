/* caprelay keys: new, show, sign, card. Needs no relay. */
#include "cli/keys.h"

#include "base/sha1.h"
#include "base/sha256.h"
#include "cli/verbs.h"

#include <stdlib.h>

#define TOKEN_PREFIX "caprelay_"

const char keys_usage[] =
    "usage: caprelay keys new PURPOSE FILE\n"
    "       caprelay keys new token\n"
    "       caprelay keys show [--root KEY] FILE...\n"
    "       caprelay keys sign --root FILE --relay NAME --out LIST [OPTION]... KEYFILE...\n"
    "       caprelay keys card --relay NAME --root KEY --feed ENDPOINT --query ENDPOINT\n"
    "                          (--curve KEY | --plain) [--inject ENDPOINT] [--out FILE]\n"
    "\n"
    "new    makes a key file (mode 0600). PURPOSE: root, actual, exercise, authority, curve\n"
    "       token: prints a bearer token for an authority that injects over HTTP, kept nowhere,\n"
    "       and its SHA-256 for the relay's configuration\n"
    "show   what key files, key lists and contact cards hold, without secrets\n"
    "sign   a key list, signed by the root. An authority is given as NAME=KEYFILE\n"
    "  --from LIST          begin with the keys of that list\n"
    "  --revoke ID          of the keys of that list; may be repeated\n"
    "  --not-before TIME    for the keys that are added: 2026-04-15T20:51:47Z\n"
    "  --not-after TIME\n"
    "card   a contact card, all that a client needs. KEY is a key file or 64 hex digits\n";

int keys_fail(const struct err *err)
{
    fprintf(stderr, "caprelay keys: %s\n", err->text);
    return EXIT_NOT;
}

static enum err_code key_from_argument(const char *text, enum key_purpose purpose,
                                       uint8_t out[KEY_PUBLIC_BYTES], struct err *err)
{
    struct key key;

    if (hex_decode(slice_from_cstr(text), out, KEY_PUBLIC_BYTES))
        return OK;
    if (key_load(text, &key, err) != OK)
        return err->code;
    if (key.purpose != purpose)
        return err_set(err, ERR_INVALID, "%s is a key for %s, wanted is %s", text,
                       key_purpose_name(key.purpose), key_purpose_name(purpose));
    memcpy(out, key.public_key, KEY_PUBLIC_BYTES);
    key_wipe(&key);
    return OK;
}

/* Letters, digits, - and _ alone: a shell and a header take them as they are, and nobody takes it
 * for its own hash. */
static int new_token(void)
{
    uint8_t random[32], sha256[SHA256_BYTES];
    char text[sizeof TOKEN_PREFIX + BASE64_MAX(sizeof random)] = TOKEN_PREFIX;
    char hex[2 * SHA256_BYTES + 1];

    seal_random(random, sizeof random);
    base64_encode(slice_of(random, sizeof random), text + strlen(TOKEN_PREFIX));
    for (char *c = text; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? '\0' : *c;
    sha256_of(slice_from_cstr(text), sha256);
    hex_encode(sha256, sizeof sha256, hex);
    printf("token   %s\nsha256  %s\n", text, hex);
    fputs("The token is the authority's: give it to it by a way that you trust; it is shown this "
          "once.\n"
          "The SHA-256 is the relay's: authorities[].token_sha256 in its configuration.\n",
          stderr);
    return EXIT_DONE;
}

static int keys_new(const struct keys_options *options, int argc, char **argv)
{
    struct err err = {0};
    struct key key;
    enum key_purpose purpose = argc == 2 ? key_purpose_from_name(slice_from_cstr(argv[0])) : 0;

    if (argc == 1 && strcmp(argv[0], "token") == 0)
        return new_token();
    if (!purpose)
        return common_usage(&options->common, "new wants a PURPOSE and a FILE, or the word token");
    key_new(&key, purpose);
    if (key_save(argv[1], &key, &err) != OK) {
        key_wipe(&key);
        return keys_fail(&err);
    }
    printf("%s  %s  %s\n", key.id, key_purpose_name(purpose), argv[1]);
    key_wipe(&key);
    return EXIT_DONE;
}

static int keys_card(const struct keys_options *options, int argc)
{
    struct card card = {.relay = options->relay,
                        .feed = options->feed,
                        .query = options->query,
                        .inject = options->inject,
                        .has_curve = options->curve != NULL};
    struct err err = {0};
    struct buf text;
    int code = EXIT_DONE;

    if (argc || !card.relay || !card.feed || !card.query || !options->root)
        return common_usage(&options->common, "card wants --relay, --root, --feed and --query");
    if (card.has_curve == options->plain)
        return common_usage(&options->common, "card wants --curve KEY, or --plain (loopback only)");
    if (key_from_argument(options->root, KEY_ROOT, card.root, &err) != OK ||
        (card.has_curve && key_from_argument(options->curve, KEY_CURVE, card.curve, &err) != OK))
        return keys_fail(&err);
    buf_init(&text, 64 * 1024);
    card_write(&card, &text);
    if (!options->out)
        fwrite(text.ptr, 1, text.len, stdout);
    else if (keys_write(options->out, buf_slice(&text), &err) != OK)
        code = keys_fail(&err);
    buf_fini(&text);
    return code;
}

static bool take_revoked(struct keys_options *options, const char *argument)
{
    if (options->revoked_count == KEYLIST_KEYS_MAX)
        return false;
    options->revoked[options->revoked_count++] = argument;
    return true;
}

static bool own_option(void *context, int option, const char *argument)
{
    struct keys_options *options = context;
    const char **const texts[] = {
        [KEYS_ROOT - OPTION_OWN] = &options->root,     [KEYS_NAME - OPTION_OWN] = &options->relay,
        [KEYS_OUT - OPTION_OWN] = &options->out,       [KEYS_FROM - OPTION_OWN] = &options->from,
        [KEYS_FEED - OPTION_OWN] = &options->feed,     [KEYS_QUERY - OPTION_OWN] = &options->query,
        [KEYS_INJECT - OPTION_OWN] = &options->inject, [KEYS_CURVE - OPTION_OWN] = &options->curve,
    };

    switch (option) {
    case KEYS_PLAIN:
        options->plain = true;
        return true;
    case KEYS_REVOKE:
        return take_revoked(options, argument);
    case KEYS_NOT_BEFORE:
        return keys_time(argument, &options->not_before_us);
    case KEYS_NOT_AFTER:
        return keys_time(argument, &options->not_after_us);
    default:
        *texts[option - OPTION_OWN] = argument;
        return true;
    }
}

int verb_keys(int argc, char **argv)
{
    static const struct option names[] = {{"help", no_argument, NULL, OPTION_HELP},
                                          {"root", required_argument, NULL, KEYS_ROOT},
                                          {"relay", required_argument, NULL, KEYS_NAME},
                                          {"out", required_argument, NULL, KEYS_OUT},
                                          {"from", required_argument, NULL, KEYS_FROM},
                                          {"feed", required_argument, NULL, KEYS_FEED},
                                          {"query", required_argument, NULL, KEYS_QUERY},
                                          {"inject", required_argument, NULL, KEYS_INJECT},
                                          {"curve", required_argument, NULL, KEYS_CURVE},
                                          {"plain", no_argument, NULL, KEYS_PLAIN},
                                          {"revoke", required_argument, NULL, KEYS_REVOKE},
                                          {"not-before", required_argument, NULL, KEYS_NOT_BEFORE},
                                          {"not-after", required_argument, NULL, KEYS_NOT_AFTER},
                                          {0}};
    struct keys_options options = {.common = {.verb = "keys", .usage = keys_usage}};
    struct err err = {0};
    int code = EXIT_DONE;
    int first = common_read(&options.common, argc, argv, names, own_option, &options, &code);

    if (first < 0)
        return code;
    if (seal_init(&err) != OK)
        return keys_fail(&err);
    const char *word = first < argc ? argv[first++] : "";
    if (strcmp(word, "new") == 0)
        return keys_new(&options, argc - first, argv + first);
    if (strcmp(word, "show") == 0)
        return keys_show(&options, argc - first, argv + first);
    if (strcmp(word, "sign") == 0)
        return keys_sign(&options, argc - first, argv + first);
    if (strcmp(word, "card") == 0)
        return keys_card(&options, argc - first);
    return common_usage(&options.common, "new, show, sign or card?");
}
