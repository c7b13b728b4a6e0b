#include "plans/lint/rules.h"

#include <string.h>

#include "common/engine_kind.h"
#include "common/scope.h"

_Static_assert(LINT_POSTGRESQL == 1 << ENGINE_POSTGRESQL && LINT_MYSQL == 1 << ENGINE_MYSQL &&
                   LINT_SQLITE == 1 << ENGINE_SQLITE,
               "the bits are the engines'");

/* What ADD may be about other than a column. */
#define NO_COLUMN \
    "~CONSTRAINT|PRIMARY|UNIQUE|FOREIGN|CHECK|INDEX|KEY|FULLTEXT|SPATIAL|PARTITION|EXCLUDE|PERIOD"
#define ADDED "ALTER TABLE IF? EXISTS? ONLY? $t ADD COLUMN? " NO_COLUMN
#define ALTERED "ALTER TABLE IF? EXISTS? ONLY? $t "
/* Up to a column of a new table, or a constraint. */
#define CREATED "CREATE UNLOGGED|TEMP|TEMPORARY? TABLE IF? NOT? EXISTS? $ ( ... "

const struct lint_rule lint_rules[] = {
    {.id = "index-not-concurrent",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns = {"CREATE UNIQUE? INDEX ~CONCURRENTLY ... ON ONLY? $t"},
     .hazard = "writes to the table wait until the index is built",
     .safer = "CREATE INDEX CONCURRENTLY, in a script with -- fleet: no-transaction"},
    {.id = "drop-index-not-concurrent",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns = {"DROP INDEX ~CONCURRENTLY IF? EXISTS? $t"},
     .hazard = "everybody waits for the lock, behind whoever reads the table",
     .safer = "DROP INDEX CONCURRENTLY, in a script with -- fleet: no-transaction"},
    {.id = "reindex-not-concurrent",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns = {"REINDEX !CONCURRENTLY"},
     .hazard = "writes wait while it works, and reads that would use the index",
     .safer = "REINDEX ... CONCURRENTLY, in a script with -- fleet: no-transaction"},
    {.id = "refresh-not-concurrent",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_NOTE,
     .patterns = {"REFRESH MATERIALIZED VIEW ~CONCURRENTLY"},
     .hazard = "readers of the view wait while it is made again",
     .safer = "REFRESH MATERIALIZED VIEW CONCURRENTLY, with a unique index on the view"},
    {.id = "detach-not-concurrent",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns = {ALTERED "DETACH PARTITION $ !CONCURRENTLY|FINALIZE"},
     .hazard = "everybody who uses the parent table waits",
     .safer = "DETACH PARTITION ... CONCURRENTLY, in a script with -- fleet: no-transaction"},
    {.id = "rewrites-whole-table",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_ERROR,
     .patterns = {"VACUUM FULL", "VACUUM ( ... FULL", "CLUSTER",
                  ALTERED "SET TABLESPACE|LOGGED|UNLOGGED"},
     .hazard = "the table is copied while nobody can read it",
     .safer = "plain VACUUM; else a time when the application is down"},
    {.id = "copies-table",
     .engines = LINT_MYSQL,
     .severity = LINT_WARNING,
     .patterns = {ALTERED "CONVERT TO",
                  ALTERED "ENGINE|ROW_FORMAT|ALGORITHM =? ~INPLACE|INSTANT|NOCOPY|DEFAULT|=",
                  "OPTIMIZE NO_WRITE_TO_BINLOG|LOCAL? TABLE"},
     .hazard = "the table is copied, and writes wait",
     .safer = "a new table that is filled in batches, or a tool for online changes"},
    {.id = "asks-for-lock",
     .engines = LINT_POSTGRESQL | LINT_MYSQL,
     .severity = LINT_WARNING,
     .patterns = {"LOCK TABLE|TABLES", ALTERED "LOCK =? SHARED|EXCLUSIVE"},
     .hazard = "others wait for as long as it is held",
     .safer = "leave locks to the statements that need them"},
    {.id = "constraint-builds-index",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns = {ALTERED "ADD CONSTRAINT $ UNIQUE|PRIMARY !USING",
                  ALTERED "ADD UNIQUE|PRIMARY !USING", ADDED " ... UNIQUE|PRIMARY !USING"},
     .hazard = "nobody can use the table until the index is built",
     .safer = "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT ... USING INDEX"},
    {.id = "unique-on-existing-rows",
     .engines = LINT_MYSQL | LINT_SQLITE,
     .severity = LINT_NOTE,
     .patterns = {"CREATE UNIQUE INDEX ... ON $t", ALTERED "ADD CONSTRAINT $ UNIQUE",
                  ALTERED "ADD UNIQUE"},
     .hazard = "it fails on a target that has duplicates",
     .safer = "look for duplicates on all targets first, with -- fleet: check"},
    {.id = "exclusion-constraint",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns = {ALTERED "ADD CONSTRAINT $ EXCLUDE", ALTERED "ADD EXCLUDE"},
     .hazard =
         "nobody can use the table until its index is built, and no form does it concurrently",
     .safer = "a quiet time, with a short -- fleet: statement-timeout"},
    {.id = "foreign-key-validates",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns = {ALTERED "ADD CONSTRAINT $ FOREIGN !VALID", ALTERED "ADD FOREIGN !VALID",
                  ADDED " ... REFERENCES !VALID"},
     .hazard = "every row is looked up while writes to both tables wait",
     .safer = "ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a later migration"},
    {.id = "foreign-key-locks-other",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_NOTE,
     .patterns = {CREATED "REFERENCES $t"},
     .hazard = "writes to the table that it leads to wait for the lock, and others behind them",
     .safer = "ADD CONSTRAINT ... NOT VALID in a script of its own, with a short lock timeout"},
    {.id = "foreign-key-copies",
     .engines = LINT_MYSQL,
     .severity = LINT_WARNING,
     .patterns = {ALTERED "ADD CONSTRAINT $ FOREIGN", ALTERED "ADD FOREIGN"},
     .hazard = "with foreign_key_checks on the table is copied, and writes wait",
     .safer = "where the rows are known to fit: SET foreign_key_checks = 0 around it"},
    {.id = "check-validates",
     .engines = LINT_POSTGRESQL | LINT_MYSQL,
     .severity = LINT_WARNING,
     .patterns = {ALTERED "ADD CONSTRAINT $ CHECK !VALID", ALTERED "ADD CHECK !VALID"},
     .hazard = "every row is checked while writes wait",
     .safer =
         "PostgreSQL: ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a later migration"},
    {.id = "domain-constraint",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns = {"ALTER DOMAIN $ ADD !VALID", "ALTER DOMAIN $ SET NOT NULL"},
     .hazard = "every column of the domain, in every table, is checked under a lock",
     .safer = "ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a later migration"},
    {.id = "domain-with-check",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_NOTE,
     .also_new = true,
     .patterns = {"CREATE DOMAIN ... CHECK|CONSTRAINT|NOT"},
     .hazard = "to change what it promises, every column of the domain is checked under a lock",
     .safer = "a CHECK for each column, or a table that is referred to"},
    {.id = "set-not-null",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns = {ALTERED "ALTER COLUMN? $ SET NOT NULL"},
     .hazard = "every row is read while nobody can use the table, and one NULL makes it fail",
     .safer =
         "a CHECK (... IS NOT NULL) NOT VALID, validated before: then SET NOT NULL reads nothing"},
    {.id = "drop-not-null",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_NOTE,
     .patterns = {ALTERED "ALTER COLUMN? $ DROP NOT NULL"},
     .hazard = "programs that run meet NULL where there was none",
     .safer = "deploy programs that can read NULL first"},
    {.id = "added-not-null",
     .engines = LINT_ALL,
     .severity = LINT_ERROR,
     .patterns = {ADDED " !DEFAULT|GENERATED|AS|AUTO_INCREMENT|SERIAL|BIGSERIAL|IDENTITY"
                        " ... NOT NULL"},
     .hazard = "it fails where there are rows; MySQL puts zeros and empty texts into them",
     .safer = "a constant DEFAULT, or a nullable column that is filled and then set NOT NULL"},
    {.id = "added-volatile-default",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns =
         {ADDED
          " ... DEFAULT RANDOM|GEN_RANDOM_UUID|UUID_GENERATE_V4|CLOCK_TIMESTAMP|TIMEOFDAY|NEXTVAL",
          ADDED " $ SERIAL|BIGSERIAL|SMALLSERIAL", ADDED " ... GENERATED ... STORED|IDENTITY"},
     .hazard = "each row is written anew while nobody can use the table",
     .safer = "add it without a default, set the default, and fill the old rows in batches"},
    {.id = "added-stored-column",
     .engines = LINT_MYSQL,
     .severity = LINT_WARNING,
     .patterns = {ADDED " ... STORED|PERSISTENT", ADDED " ... AUTO_INCREMENT"},
     .hazard = "the table is copied, and writes wait",
     .safer = "a VIRTUAL column, or a new table"},
    {.id = "added-expression",
     .engines = LINT_SQLITE,
     .severity = LINT_ERROR,
     .patterns = {ADDED " ... DEFAULT CURRENT_TIMESTAMP|CURRENT_DATE|CURRENT_TIME",
                  ADDED " ... DEFAULT ("},
     .hazard = "SQLite refuses it where there are rows",
     .safer = "a constant DEFAULT, or the table made again"},
    {.id = "type-change",
     .engines = LINT_POSTGRESQL | LINT_MYSQL,
     .severity = LINT_WARNING,
     .patterns = {ALTERED "ALTER COLUMN? $ SET? DATA? TYPE", ALTERED "MODIFY|CHANGE"},
     .hazard = "most changes of a type write the table anew while others wait",
     .safer = "a new column that programs write too, filled in batches"},
    {.id = "rename",
     .engines = LINT_ALL,
     .severity = LINT_WARNING,
     .excuse = EXCUSE_MADE_AGAIN,
     .patterns = {ALTERED "RENAME ~CONSTRAINT|INDEX|KEY", "RENAME TABLE|TABLES",
                  "ALTER TYPE $ RENAME", "ALTER SCHEMA|VIEW $ RENAME"},
     .hazard = "programs that run ask for the old name",
     .safer = "add the new one, have programs use it, and drop the old one later"},
    {.id = "drop-column",
     .engines = LINT_ALL,
     .severity = LINT_WARNING,
     .patterns = {ALTERED "DROP COLUMN", ALTERED
                  "DROP ~COLUMN|CONSTRAINT|PRIMARY|FOREIGN|INDEX|KEY|CHECK|PARTITION|DEFAULT"},
     .hazard = "its values are gone, and programs that run ask for it",
     .safer = "have programs let go of it first"},
    {.id = "drop-table",
     .engines = LINT_ALL,
     .severity = LINT_WARNING,
     .excuse = EXCUSE_REPLACED,
     .patterns = {"DROP TABLE IF? EXISTS? $t"},
     .hazard = "its rows are gone",
     .safer = "have programs let go of it first, and assert that it is empty with -- fleet: check"},
    {.id = "drop-partition",
     .engines = LINT_MYSQL,
     .severity = LINT_ERROR,
     .patterns = {ALTERED "DROP|TRUNCATE PARTITION"},
     .hazard = "its rows are gone",
     .safer = "keep a copy with EXCHANGE PARTITION first"},
    {.id = "replace-table",
     .engines = LINT_MYSQL,
     .severity = LINT_ERROR,
     .also_new = true,
     .patterns = {"CREATE OR REPLACE TABLE"},
     .hazard = "a table of that name is dropped with its rows",
     .safer = "CREATE TABLE, which fails if there is one"},
    {.id = "drop-schema",
     .engines = LINT_ALL,
     .severity = LINT_ERROR,
     .patterns = {"DROP SCHEMA|DATABASE"},
     .hazard = "all that is in it is gone",
     .safer = "drop what is in it, one by one"},
    {.id = "drop-cascade",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .patterns = {"DROP ... CASCADE", "TRUNCATE ... CASCADE", ALTERED "DROP ... CASCADE"},
     .hazard = "what else goes with it depends on the target",
     .safer = "name what goes"},
    {.id = "drop-constraint",
     .engines = LINT_ALL,
     .severity = LINT_NOTE,
     .patterns = {ALTERED "DROP CONSTRAINT|FOREIGN|CHECK"},
     .hazard = "from now on rows may break what it promised",
     .safer = "know who relied on it"},
    {.id = "changes-every-row",
     .engines = LINT_ALL,
     .severity = LINT_WARNING,
     .patterns = {"UPDATE LOW_PRIORITY? IGNORE? OR? ONLY? $t ... SET !WHERE|LIMIT",
                  "DELETE LOW_PRIORITY? QUICK? FROM ONLY? $t !WHERE|LIMIT",
                  "TRUNCATE TABLE? ONLY? $t"},
     .hazard = "rows stay locked until all of them are done",
     .safer = "batches, in a script with -- fleet: no-transaction"},
    {.id = "enum-value-unplaced",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_NOTE,
     .patterns = {"ALTER TYPE $ ADD VALUE !BEFORE|AFTER"},
     .hazard = "it sorts after all others",
     .safer = "say BEFORE or AFTER"},
    {.id = "foreign-keys-pragma",
     .engines = LINT_SQLITE,
     .severity = LINT_ERROR,
     .also_new = true,
     .patterns = {"PRAGMA FOREIGN_KEYS"},
     .hazard = "inside a transaction SQLite does not do it, and does not say so",
     .safer = "-- fleet: foreign-keys=off at the top of the script"},
    {.id = "vacuum-file",
     .engines = LINT_SQLITE,
     .severity = LINT_NOTE,
     .patterns = {"VACUUM"},
     .hazard = "the file is written anew, and needs its size again on the disk",
     .safer = "leave it out of migrations"},
    {.id = "small-key",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_NOTE,
     .also_new = true,
     .patterns = {CREATED "INT|INTEGER|INT4|SERIAL|SERIAL4|SMALLINT|INT2|SMALLSERIAL|SERIAL2 NOT? "
                          "NULL? PRIMARY"},
     .hazard = "its numbers end at 2 billion, or 32,767",
     .safer = "bigint"},
    {.id = "char-type",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_NOTE,
     .also_new = true,
     .patterns = {CREATED "$ CHAR|CHARACTER ~VARYING", ADDED " $ CHAR|CHARACTER !VARYING"},
     .hazard = "values are padded with spaces, which some comparisons see",
     .safer = "text, or varchar(n)"},
    {.id = "long-name",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_WARNING,
     .also_new = true,
     .patterns = {"CREATE|ALTER @"},
     .hazard = "it is cut after 63 bytes, and two names may become one",
     .safer = "a shorter name"},
    {.id = "serial-column",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_OFF,
     .also_new = true,
     .patterns = {CREATED "$ SERIAL|BIGSERIAL|SMALLSERIAL"},
     .hazard =
         "who may insert needs a right to its sequence too, and anybody can give other numbers",
     .safer = "GENERATED ... AS IDENTITY"},
    {.id = "timestamp-without-zone",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_OFF,
     .also_new = true,
     .patterns = {CREATED "$ TIMESTAMP ~WITH|(", ADDED " $ TIMESTAMP !WITH",
                  ALTERED "ALTER COLUMN? $ SET? DATA? TYPE TIMESTAMP !WITH"},
     .hazard = "which moment it is depends on who reads it",
     .safer = "timestamptz"},
    {.id = "varchar-limit",
     .engines = LINT_POSTGRESQL,
     .severity = LINT_OFF,
     .also_new = true,
     .patterns = {CREATED "VARCHAR (", CREATED "CHARACTER VARYING (", ADDED " $ VARCHAR ("},
     .hazard = "a shorter limit needs every row checked",
     .safer = "text with a CHECK, which can be added NOT VALID"},
    {.id = "no-primary-key",
     .engines = LINT_POSTGRESQL | LINT_MYSQL,
     .severity = LINT_NOTE,
     .also_new = true,
     .patterns =
         {"CREATE UNLOGGED? TABLE IF? NOT? EXISTS? $ !!PRIMARY|LIKE|INHERITS|PARTITION|SELECT"},
     .hazard = "rows cannot be told apart: replicas and online changes need a key",
     .safer = "a PRIMARY KEY"},
};
const size_t lint_rule_count = COUNT_OF(lint_rules);

const struct lint_rule *lint_rule_find(const char *id)
{
    for (size_t i = 0; i < lint_rule_count; i++)
        if (strcmp(lint_rules[i].id, id) == 0)
            return &lint_rules[i];
    return NULL;
}

const char *lint_severity_name(enum lint_severity severity)
{
    static const char *const names[] = {[LINT_OFF] = "off",
                                        [LINT_NOTE] = "note",
                                        [LINT_WARNING] = "warning",
                                        [LINT_ERROR] = "error"};

    return names[severity];
}

static void print_engines(unsigned engines, struct buffer *out)
{
    static const char *const names[] = {"PostgreSQL", "MySQL", "SQLite"};
    const char *comma = "";

    if (engines == LINT_ALL) {
        buffer_append_text(out, "all");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if ((engines & 1u << i) != 0) {
            buffer_printf(out, "%s%s", comma, names[i]);
            comma = ", ";
        }
}

void lint_rules_print(struct buffer *out)
{
    buffer_append_text(out, "| rule | engines | severity | hazard | safer |\n"
                            "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < lint_rule_count; i++) {
        const struct lint_rule *rule = &lint_rules[i];

        buffer_printf(out, "| `%s` | ", rule->id);
        print_engines(rule->engines, out);
        buffer_printf(out, " | %s | %s | %s |\n", lint_severity_name(rule->severity), rule->hazard,
                      rule->safer);
    }
}
