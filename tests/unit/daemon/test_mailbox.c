#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <pthread.h>

#include "agents/daemon/mailbox.h"

enum { LETTERS = 1000, SENDERS = 4 };

struct office {
    struct event_base *base;
    struct mailbox *mailbox;
    int last[SENDERS]; /* letter of each sender */
    int total;
};

struct letter_slip {
    struct office *office;
    int sender;
    int number;
};

static void receive(void *context)
{
    const struct letter_slip *slip = context;
    struct office *office = slip->office;

    assert_int_equal(office->last[slip->sender] + 1, slip->number);
    office->last[slip->sender] = slip->number;
    if (++office->total == SENDERS * LETTERS)
        event_base_loopbreak(office->base);
}

static void *send_all(void *context)
{
    struct letter_slip *slips = context;

    for (int i = 0; i < LETTERS; i++)
        mailbox_post(slips->office->mailbox, receive, &slips[i]);
    return NULL;
}

static void letters_of_each_sender_come_in_order_to_the_loop(void **state)
{
    (void)state;
    static struct letter_slip slips[SENDERS][LETTERS];
    struct error err = {0};
    struct office office = {.base = event_base_new()};
    pthread_t threads[SENDERS];

    office.mailbox = mailbox_new(office.base, &err);
    assert_non_null(office.mailbox);
    for (int i = 0; i < SENDERS; i++) {
        for (int j = 0; j < LETTERS; j++)
            slips[i][j] = (struct letter_slip){&office, i, j + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, slips[i]), 0);
    }
    event_base_dispatch(office.base);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(office.total, SENDERS * LETTERS);
    mailbox_free(office.mailbox);
    event_base_free(office.base);
}

static void what_was_posted_last_is_delivered_when_the_box_goes(void **state)
{
    (void)state;
    struct error err = {0};
    struct office office = {.base = event_base_new()};
    struct letter_slip slip = {&office, 0, 1};

    office.mailbox = mailbox_new(office.base, &err);
    assert_non_null(office.mailbox);
    mailbox_post(office.mailbox, receive, &slip);
    mailbox_free(office.mailbox);
    assert_int_equal(office.total, 1);
    event_base_free(office.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_of_each_sender_come_in_order_to_the_loop),
        cmocka_unit_test(what_was_posted_last_is_delivered_when_the_box_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
