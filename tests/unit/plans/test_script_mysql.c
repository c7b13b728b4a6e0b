#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "splits.h"

/* Each text is one statement, though it has semicolons inside. */
static void expect_whole(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buffer script AUTO_BUFFER = {0};
        const char *const expected[] = {"select 'before'", texts[i], "select 'after'"};

        buffer_printf(&script, "select 'before';\n%s;\nselect 'after';", texts[i]);
        expect_statements(ENGINE_MYSQL, buffer_text(&script), expected, COUNT_OF(expected));
    }
}

static void stored_programs_need_no_delimiter(void **state)
{
    (void)state;
    static const char *const programs[] = {
        "CREATE PROCEDURE p() BEGIN END",
        "create procedure p(in a int) begin select 1; select 2; end",
        "CREATE OR REPLACE DEFINER=`a`@`%` PROCEDURE p() COMMENT 'x' BEGIN SELECT 1; END",
        "CREATE DEFINER = app@localhost TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN "
        "SET NEW.b = IF(NEW.c, 1, 2); IF NEW.d THEN SET NEW.e = 1; END IF; END",
        "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW IF NEW.b IS NULL THEN SET NEW.b = 1; "
        "ELSEIF NEW.b = 2 THEN SET NEW.c = 3; ELSE SET NEW.b = 4; END IF",
        "CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW FOLLOWS `u` BEGIN SELECT 1; END",
        "CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW PRECEDES u IF 1 THEN SELECT 1; END IF",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM a; DELETE FROM b; END",
        "ALTER EVENT e DO BEGIN DO SLEEP(1); DO IF(1, 2, 3); END",
        "create function f() returns int deterministic begin declare x int; case x when 1 then "
        "select 1; else begin end; end case; return case x when 1 then 2 end; end",
        "create function f(a int) returns int return case a when 1 then if(a, 2, 3) else 4 end",
        "create procedure p() l1: begin l2: loop iterate l2; leave l2; end loop l2; end l1",
        "create procedure p() begin while a < 1 do set a = a + 1; end while; repeat set a = 2; "
        "until case a when 1 then 2 end end repeat; end",
        "create procedure p() begin declare exit handler for sqlexception begin rollback; end; "
        "declare continue handler for not found set done = 1; select repeat('x', 3); end",
        "create procedure p() begin select begin, end from spans; select a.end, @end; end",
        "create procedure p() begin drop table if exists a; create table if not exists b (c int); "
        "end",
        "create procedure if not exists p() begin declare c cursor for select 1 for update; end",
        "begin not atomic declare x int; if x then select 1; end if; end",
        "if 1 then select 1; else select 2; end if",
        "for i in 1..3 do select i; end for",
        "create procedure p() begin for i in 1..3 do select i; end for; begin not atomic "
        "if 1 then select 2; end if; end; end",
        "/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`l`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR "
        "EACH ROW BEGIN SET NEW.b = 1; END */",
        "create procedure p() begin if (a) then if b then select 1; end if; end if; end",
    };

    expect_whole(programs, COUNT_OF(programs));
}

static void other_statements_end_at_their_semicolon(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(
        ENGINE_MYSQL,
        "create table procedure_log (begin int); drop procedure if exists p; alter table t add "
        "function int; create user event@localhost; begin; commit; select if(1, 2, 3); "
        "create function f returns string soname 'f.so'; create view v as select case 1 when 1 "
        "then 2 end; alter procedure p comment 'x'; prepare s from @a; execute s; end",
        "create table procedure_log (begin int)", "drop procedure if exists p",
        "alter table t add function int", "create user event@localhost", "begin", "commit",
        "select if(1, 2, 3)", "create function f returns string soname 'f.so'",
        "create view v as select case 1 when 1 then 2 end", "alter procedure p comment 'x'",
        "prepare s from @a", "execute s", "end");
}

static void a_body_that_never_ends_is_a_fault(void **state)
{
    (void)state;
    expect_fault(ENGINE_MYSQL, "select 1;\n\ncreate procedure p() begin if 1 then select 1; end;",
                 3, "END of its body");
}

static void delimiter_changes_what_ends_a_statement(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(
        ENGINE_MYSQL,
        "select 1;\r\nDELIMITER //\r\ncreate procedure p() begin select ';'; end//\r\n"
        "select 2 //  delimiter $$ \nselect 3 //\n  delimiter $$ -- dollars\n"
        "select 4 begin$$ select a$b$$\nDelimiter ;\nselect 6;",
        "select 1", "create procedure p() begin select ';'; end", "select 2",
        "delimiter $$ \nselect 3", "select 4 begin", "select a$b", "select 6");
    EXPECT_STATEMENTS(ENGINE_MYSQL, "delimiter ;;\nselect 1; select 2;;\nselect '//;;' ;; ",
                      "select 1; select 2", "select '//;;'");
    EXPECT_STATEMENTS(ENGINE_MYSQL, "delimiter $$\nselect /*!50003$$er */ 3$$",
                      "select /*!50003$$er */ 3");
    EXPECT_STATEMENTS(ENGINE_MYSQL, "select a as\ndelimiter ;\nselect 2", "select a as\ndelimiter",
                      "select 2");
    EXPECT_STATEMENTS(ENGINE_MYSQL, "delimiter $$\nselect /*!50003$$er */ 3$$",
                      "select /*!50003$$er */ 3");
}

static void a_delimiter_must_be_given(void **state)
{
    (void)state;
    expect_fault(ENGINE_MYSQL, "\ndelimiter\nselect 1;", 2, "DELIMITER");
    expect_fault(ENGINE_MYSQL, "delimiter \\\\\nselect 1;", 1, "backslash");
    expect_fault(ENGINE_MYSQL, "delimiter 12345678901234567890123456789012\nselect 1;", 1, "31");
}

static void executable_comments_are_code(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(
        ENGINE_MYSQL,
        "/*!40101 SET NAMES utf8 */;\n/* plain; */ /*M!100100 select 1; */;/*! select /* in; */ 2 "
        "*/; select /*+ hint; */ 3; select 4 /*!99999 , '*/;' */;",
        "/*!40101 SET NAMES utf8 */", "/*M!100100 select 1; */", "/*! select /* in; */ 2 */",
        "select /*+ hint; */ 3", "select 4 /*!99999 , '*/;' */");
    EXPECT_STATEMENTS(ENGINE_MYSQL, "/*M!999999\\- enable the sandbox mode */ \n-- dump\nselect 1;",
                      "select 1");
}

static void comments_follow_mysqls_rules(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(
        ENGINE_MYSQL,
        "select 5--1; # it's a comment;\nselect 2 -- it's; too\n; select 3--\n;--\t';\n",
        "select 5--1", "select 2", "select 3");
    EXPECT_STATEMENTS(ENGINE_MYSQL, "/* a /* b */ select 1;", "select 1");
}

static void strings_have_backslash_escapes_until_they_are_turned_off(void **state)
{
    (void)state;
    EXPECT_STATEMENTS(ENGINE_MYSQL, "select 'a\\';b', \"c\\\";d\", `e\\`; select 'x\\\\'; select 3",
                      "select 'a\\';b', \"c\\\";d\", `e\\`", "select 'x\\\\'", "select 3");
    EXPECT_STATEMENTS(ENGINE_MYSQL,
                      "/*!40101 SET SQL_MODE='ANSI,NO_BACKSLASH_ESCAPES' */; select 'a\\';"
                      "set session sql_mode = @old; select 'b\\';c'",
                      "/*!40101 SET SQL_MODE='ANSI,NO_BACKSLASH_ESCAPES' */", "select 'a\\'",
                      "set session sql_mode = @old", "select 'b\\';c'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_programs_need_no_delimiter),
        cmocka_unit_test(other_statements_end_at_their_semicolon),
        cmocka_unit_test(a_body_that_never_ends_is_a_fault),
        cmocka_unit_test(delimiter_changes_what_ends_a_statement),
        cmocka_unit_test(a_delimiter_must_be_given),
        cmocka_unit_test(executable_comments_are_code),
        cmocka_unit_test(comments_follow_mysqls_rules),
        cmocka_unit_test(strings_have_backslash_escapes_until_they_are_turned_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
