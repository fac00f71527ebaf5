/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/list.h"
#include "base/random.h"
#include "support/check_main.h"

enum { N_NODES = 20 };

struct item {
    int number;
    struct base_list node;
};

/* Against an array that holds the numbers in order. */
static bool agrees(const struct base_list *head, const int *numbers, int n_numbers)
{
    int n = 0;
    const struct base_list *last = head;
    for (const struct base_list *at = head->next; at != head; at = at->next) {
        if (at->previous != last || n == n_numbers)
            return false;
        if (CONTAINER_OF_CONST(at, struct item, node)->number != numbers[n++])
            return false;
        last = at;
    }
    return head->previous == last && n == n_numbers &&
           base_list_is_empty(head) == (n == 0);
}

static int take_out(int *numbers, int n_numbers, int number)
{
    int n = 0;
    for (int i = 0; i < n_numbers; i++) {
        if (numbers[i] != number)
            numbers[n++] = numbers[i];
    }
    return n;
}

START_TEST(agrees_with_an_array)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct base_random random = {seed};
        struct base_list head;
        struct item items[N_NODES];
        int numbers[N_NODES], n = 0;
        base_list_init(&head);
        for (int i = 0; i < N_NODES; i++) {
            items[i].number = i;
            base_list_init(&items[i].node);
        }
        for (int step = 0; step < 500; step++) {
            int i = (int)base_random_below(&random, N_NODES);
            base_list_remove(&items[i].node);
            n = take_out(numbers, n, i);
            uint32_t what = base_random_below(&random, 3);
            if (what == 0) {
                base_list_append(&head, &items[i].node);
                numbers[n++] = i;
            } else if (what == 1) {
                base_list_prepend(&head, &items[i].node);
                for (int j = n++; j > 0; j--)
                    numbers[j] = numbers[j - 1];
                numbers[0] = i;
            }
            ck_assert(agrees(&head, numbers, n));
        }
    }
}
END_TEST

START_TEST(each_may_remove_its_node)
{
    struct base_list head;
    struct item items[N_NODES];
    base_list_init(&head);
    for (int i = 0; i < N_NODES; i++) {
        items[i].number = i;
        base_list_append(&head, &items[i].node);
    }
    int n = 0;
    BASE_LIST_EACH(node, &head)
    {
        ck_assert_int_eq(CONTAINER_OF(node, struct item, node)->number, n++);
        base_list_remove(node);
    }
    ck_assert_int_eq(n, N_NODES);
    ck_assert(base_list_is_empty(&head));
}
END_TEST

CHECK_MAIN("list", agrees_with_an_array, each_may_remove_its_node)
