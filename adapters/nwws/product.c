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

uint64_t product_numbers_missing(struct product_numbers *numbers, uint64_t process, uint64_t number)
{
    size_t at = 0;
    while (at < PRODUCT_PROCESSES - 1 &&
           !(numbers->items[at].known && numbers->items[at].process == process))
        at++;
    bool known = numbers->items[at].known && numbers->items[at].process == process;
    uint64_t last = numbers->items[at].last, missing = 0;
    if (known && number <= last)
        number = last;
    else if (known)
        missing = number - last - 1;
    memmove(&numbers->items[1], &numbers->items[0], at * sizeof numbers->items[0]);
    numbers->items[0].process = process;
    numbers->items[0].last = number;
    numbers->items[0].known = true;
    return missing;
}
