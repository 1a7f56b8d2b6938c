/* A product of the weather wire: what is read of it lies in it, and is read of what was read again.
 * Its lines are numbers of products too, where they can be. */
#include "adapters/nwws/product.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct slice part, struct slice whole)
{
    if (part.ptr && (part.ptr < whole.ptr || part.ptr + part.len > whole.ptr + whole.len))
        abort();
}

static void check_markup(const struct product *product)
{
    struct slice markup = product->markup;
    check_within(markup, product->text);
    if (markup.ptr && (markup.len < 2 || markup.ptr[0] != '<' || markup.ptr[markup.len - 1] != '>'))
        abort();
    if (product_has_alert(product) && !markup.ptr)
        abort();
}

static size_t put_line(char *to, struct slice line)
{
    if (!line.ptr)
        return 0;
    memcpy(to, line.ptr, line.len);
    to[line.len] = '\n';
    return line.len + 1;
}

static void check_again(const struct product *product)
{
    size_t len = 0;
    char *text = malloc(product->heading.len + product->awips_id.len + product->text.len + 3);
    if (!text)
        abort();
    len += put_line(text + len, product->heading);
    len += put_line(text + len, product->awips_id);
    len += put_line(text + len, product->text);
    struct product again = product_read(slice_of(text, len));
    if (!slice_eq(again.heading, product->heading) ||
        !slice_eq(again.awips_id, product->awips_id) || !slice_eq(again.text, product->text) ||
        !slice_eq(again.markup, product->markup) ||
        product_has_alert(&again) != product_has_alert(product))
        abort();
    free(text);
}

/* What was just said is not missing, and what follows it neither. */
static void check_number(struct product_numbers *numbers, struct slice line, bool repeat)
{
    uint64_t process, number;
    if (!product_number_read(line, &process, &number))
        return;
    struct product_hole hole = product_numbers_note(numbers, process, number, repeat);
    if (hole.missing >= PRODUCT_NEAR || (hole.missing > 0 && hole.jumped))
        abort();
    if (repeat)
        return;
    struct product_numbers later = *numbers;
    for (uint64_t step = 0; step < 3 && number <= UINT64_MAX - step; step++) {
        hole = product_numbers_note(&later, process, number + step, false);
        if (hole.missing > 0 || hole.jumped)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice whole = slice_of(data, size), rest = whole, line;
    struct product product = product_read(whole);
    struct product_numbers numbers = {0};
    check_within(product.heading, whole);
    check_within(product.awips_id, whole);
    check_within(product.text, whole);
    check_markup(&product);
    check_again(&product);
    while (slice_next_part(&rest, '\n', &line)) {
        bool repeat = line.len > 0 && line.ptr[0] == 'r';
        check_number(&numbers, repeat ? slice_sub(line, 1, line.len) : line, repeat);
    }
    return 0;
}
