#include "adapters/nwws/product.h"

enum { SOH = 1, ETX = 3 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* `pattern`: A is a capital letter, 9 a digit, X either, anything else itself. */
static bool fits(struct slice s, const char *pattern)
{
    if (s.len != strlen(pattern))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char p = pattern[i], c = s.ptr[i];
        bool good = p == 'A'   ? is_upper(c)
                    : p == '9' ? is_digit(c)
                    : p == 'X' ? is_upper(c) || is_digit(c)
                               : p == c;
        if (!good)
            return false;
    }
    return true;
}

static bool is_heading(struct slice line)
{
    return fits(line, "AAAA99 XXXX 999999") || fits(line, "AAAA99 XXXX 999999 AAA");
}

static bool is_line_number(struct slice line)
{
    unsigned long long number;
    return line.len <= 5 && slice_to_u64(line, &number);
}

/* NNNxxx: three for the product, one to three for the station. */
static bool is_awips_id(struct slice line)
{
    return fits(line, "XXXX") || fits(line, "XXXXX") || fits(line, "XXXXXX");
}

static bool is_filling(char c)
{
    return slice_is_xml_space(c) || c == SOH || c == ETX;
}

static struct slice strip(struct slice s)
{
    while (s.len > 0 && is_filling(s.ptr[0]))
        s = slice_sub(s, 1, s.len);
    while (s.len > 0 && is_filling(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

/* The first line with anything in it, and what follows it. */
static struct slice next_line(struct slice *rest)
{
    struct slice line = *rest = strip(*rest);
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != '\n' && rest->ptr[end] != '\r')
        end++;
    line.len = end;
    *rest = slice_sub(*rest, end, rest->len);
    return slice_trim(line);
}

static struct slice markup_of(struct slice text)
{
    size_t begin = 0, end = text.len;
    while (begin < text.len && text.ptr[begin] != '<')
        begin++;
    while (end > begin && text.ptr[end - 1] != '>')
        end--;
    return end > begin ? slice_sub(text, begin, end) : (struct slice){0};
}

struct product product_read(struct slice bytes)
{
    struct product product = {.text = strip(bytes)};
    struct slice rest = product.text;
    struct slice line = next_line(&rest);
    if (is_line_number(line))
        line = next_line(&rest);
    if (is_heading(line)) {
        product.heading = line;
        product.text = strip(rest);
        line = next_line(&rest);
        if (is_awips_id(line)) {
            product.awips_id = line;
            product.text = strip(rest);
        }
    }
    product.markup = markup_of(product.text);
    return product;
}

bool product_has_alert(const struct product *product)
{
    return slice_find(product->markup, "urn:oasis:names:tc:emergency:cap:") >= 0;
}

bool product_number_read(struct slice id, uint64_t *process, uint64_t *number)
{
    struct slice first;
    unsigned long long a, b;
    if (!slice_next_part(&id, '.', &first) || !slice_to_u64(first, &a) || !slice_to_u64(id, &b))
        return false;
    *process = a;
    *number = b;
    return true;
}

/* The run that it is ahead of, by the least; -1: none near. */
static int run_behind(const struct product_numbers *numbers, uint64_t process, uint64_t number)
{
    int found = -1;
    for (int i = 0; i < PRODUCT_RUNS; i++) {
        const struct product_run *run = &numbers->runs[i];
        if (run->known && run->process == process && run->last < number &&
            number - run->last <= PRODUCT_NEAR &&
            (found < 0 || run->last > numbers->runs[found].last))
            found = i;
    }
    return found;
}

/* The latest run that has come as far, and not much farther; -1: none. */
static int run_ahead(const struct product_numbers *numbers, uint64_t process, uint64_t number,
                     uint64_t farther)
{
    for (int i = 0; i < PRODUCT_RUNS; i++) {
        const struct product_run *run = &numbers->runs[i];
        if (run->known && run->process == process && run->last >= number &&
            run->last - number <= farther)
            return i;
    }
    return -1;
}

static bool knows_process(const struct product_numbers *numbers, uint64_t process)
{
    for (int i = 0; i < PRODUCT_RUNS; i++)
        if (numbers->runs[i].known && numbers->runs[i].process == process)
            return true;
    return false;
}

/* The one that said least lately, and the oldest of several. */
static size_t least_run(const struct product_numbers *numbers)
{
    size_t least = PRODUCT_RUNS - 1;
    uint64_t least_said = UINT64_MAX;
    for (size_t i = PRODUCT_RUNS; i-- > 0;) {
        const struct product_run *run = &numbers->runs[i];
        uint64_t said = numbers->noted - run->heard <= PRODUCT_SILENT ? run->said : 0;
        if (said < least_said) {
            least = i;
            least_said = said;
        }
    }
    return least;
}

/* The run at `at`, or a new one in the place of the least, becomes the latest. */
static void come_to(struct product_numbers *numbers, int at, uint64_t process, uint64_t number)
{
    size_t before = at < 0 ? least_run(numbers) : (size_t)at;
    uint64_t said = at < 0 ? 0 : numbers->runs[at].said;
    memmove(&numbers->runs[1], &numbers->runs[0], before * sizeof numbers->runs[0]);
    numbers->runs[0] = (struct product_run){.process = process,
                                            .last = number,
                                            .said = said + 1,
                                            .heard = ++numbers->noted,
                                            .known = true};
}

struct product_hole product_numbers_note(struct product_numbers *numbers, uint64_t process,
                                         uint64_t number, bool repeat)
{
    struct product_hole hole = {0};
    /* Said now, it is either the very last again or of a run that is not so far yet. */
    int ahead = run_ahead(numbers, process, number, repeat ? PRODUCT_NEAR : 0);
    if (ahead >= 0) {
        come_to(numbers, ahead, process, numbers->runs[ahead].last);
        return hole;
    }
    int behind = run_behind(numbers, process, number);
    if (behind >= 0)
        hole.missing = number - numbers->runs[behind].last - 1;
    else
        hole.jumped = knows_process(numbers, process) &&
                      run_ahead(numbers, process, number, PRODUCT_NEAR) < 0;
    come_to(numbers, behind, process, number);
    return hole;
}
