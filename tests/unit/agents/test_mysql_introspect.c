#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agents/engines/mysql_introspect.h"

static void assert_table(const char *sql, const char *lines)
{
    AUTO_BUFFER struct buffer out = {0};

    mysql_canonical_table("t", sql, &out);
    assert_string_equal(buffer_text(&out), lines);
}

static void assert_stripped(const char *sql, const char *expected)
{
    AUTO_BUFFER struct buffer out = {0};

    mysql_strip_database("shop", sql, &out);
    assert_string_equal(buffer_text(&out), expected);
}

static void each_part_of_a_table_is_a_line(void **state)
{
    (void)state;
    assert_table("CREATE TABLE `t` (\n"
                 "  `id` int(11) NOT NULL AUTO_INCREMENT,\n"
                 "  `note` text DEFAULT 'a,',\n"
                 "  PRIMARY KEY (`id`),\n"
                 "  UNIQUE KEY `u` (`note`(10)),\n"
                 "  CONSTRAINT `c` CHECK (`id` > 0)\n"
                 ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                 "table `t` column: `id` int(11) NOT NULL AUTO_INCREMENT\n"
                 "table `t` column: `note` text DEFAULT 'a,'\n"
                 "table `t` index: PRIMARY KEY (`id`)\n"
                 "table `t` index: UNIQUE KEY `u` (`note`(10))\n"
                 "table `t` constraint: CONSTRAINT `c` CHECK (`id` > 0)\n"
                 "table `t` options: ENGINE=InnoDB DEFAULT CHARSET=utf8mb4\n");
}

static void the_next_value_of_a_counter_is_no_schema(void **state)
{
    (void)state;
    assert_table("CREATE TABLE `t` (\n  `id` int\n) ENGINE=InnoDB AUTO_INCREMENT=43 CHARSET=x",
                 "table `t` column: `id` int\n"
                 "table `t` options: ENGINE=InnoDB CHARSET=x\n");
    assert_table("CREATE TABLE `t` (\n  `id` int\n) ENGINE=E COMMENT=' AUTO_INCREMENT=43'",
                 "table `t` column: `id` int\n"
                 "table `t` options: ENGINE=E COMMENT=' AUTO_INCREMENT=43'\n");
}

static void partitions_belong_to_the_options(void **state)
{
    (void)state;
    assert_table("CREATE TABLE `t` (\n  `id` int\n) ENGINE=InnoDB\n PARTITION BY HASH (`id`)\n"
                 "PARTITIONS 2",
                 "table `t` column: `id` int\n"
                 "table `t` options: ENGINE=InnoDB\\n PARTITION BY HASH (`id`)\\nPARTITIONS 2\n");
}

static void a_routine_is_one_line_without_its_definer(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out = {0};

    mysql_canonical_object("procedure", "p",
                           "CREATE DEFINER=`a``b`@`%` PROCEDURE `p`()\nBEGIN\r\nEND", "STRICT",
                           &out);
    assert_string_equal(buffer_text(&out), "procedure `p`: CREATE PROCEDURE `p`()\\nBEGIN\\r\\nEND"
                                           " [STRICT]\n");
}

static void the_moment_an_event_was_made_is_no_schema(void **state)
{
    (void)state;
    AUTO_BUFFER struct buffer out = {0};

    mysql_canonical_object("event", "e",
                           "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2026-11-23 01:00:25'"
                           " ON COMPLETION NOT PRESERVE ENABLE DO SELECT ' STARTS '",
                           NULL, &out);
    assert_string_equal(buffer_text(&out),
                        "event `e`: CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY"
                        " ON COMPLETION NOT PRESERVE ENABLE DO SELECT ' STARTS '\n");
}

static void a_view_on_two_databases_does_not_name_its_own(void **state)
{
    (void)state;
    assert_stripped("VIEW `v` AS select `shop`.`t`.`id` AS `id`,`o`.`x`.`id` AS `i`"
                    " from (`shop`.`t` join `o`.`x`)",
                    "VIEW `v` AS select `t`.`id` AS `id`,`o`.`x`.`id` AS `i`"
                    " from (`t` join `o`.`x`)");
    assert_stripped("select 1 from ((`shop`.`t` join `o`.`x`) join `o`.`y`)",
                    "select 1 from ((`t` join `o`.`x`) join `o`.`y`)");
}

static void a_table_named_like_its_database_keeps_its_name(void **state)
{
    (void)state;
    assert_stripped("VIEW `v` AS select `shop`.`id` AS `id` from `shop`",
                    "VIEW `v` AS select `shop`.`id` AS `id` from `shop`");
}

static void functions_and_sequences_of_the_database_do_not_name_it(void **state)
{
    (void)state;
    assert_stripped("select `shop`.`f`(1),`shop`.`id`", "select `f`(1),`shop`.`id`");
    assert_stripped("`id` int DEFAULT nextval(`shop`.`s`)", "`id` int DEFAULT nextval(`s`)");
}

static void a_text_that_looks_like_the_name_stays(void **state)
{
    (void)state;
    assert_stripped("select 'from `shop`.`t`\\'' from `shop`.`t`",
                    "select 'from `shop`.`t`\\'' from `t`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_part_of_a_table_is_a_line),
        cmocka_unit_test(the_next_value_of_a_counter_is_no_schema),
        cmocka_unit_test(partitions_belong_to_the_options),
        cmocka_unit_test(a_routine_is_one_line_without_its_definer),
        cmocka_unit_test(the_moment_an_event_was_made_is_no_schema),
        cmocka_unit_test(a_view_on_two_databases_does_not_name_its_own),
        cmocka_unit_test(a_table_named_like_its_database_keeps_its_name),
        cmocka_unit_test(functions_and_sequences_of_the_database_do_not_name_it),
        cmocka_unit_test(a_text_that_looks_like_the_name_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
