#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/object_state.h"
#include "common/scope.h"

#define ITEMS                                   \
    "  `id` int(11) NOT NULL AUTO_INCREMENT,\n" \
    "  `title` varchar(80) NOT NULL,\n"         \
    "  PRIMARY KEY (`id`)\n"                    \
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4\n"
#define ITEMS_WITH_PRICE                        \
    "  `id` int(11) NOT NULL AUTO_INCREMENT,\n" \
    "  `title` varchar(80) NOT NULL,\n"         \
    "  `price` int(11) DEFAULT NULL,\n"         \
    "  PRIMARY KEY (`id`)\n"                    \
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4\n"
#define ITEMS_WITH_KEYS                         \
    "  `id` int(11) NOT NULL AUTO_INCREMENT,\n" \
    "  `title` varchar(80) NOT NULL,\n"         \
    "  PRIMARY KEY (`id`),\n"                   \
    "  UNIQUE KEY `title` (`title`)\n"          \
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4\n"

static const struct {
    const char *sql, *before, *now;
    enum object_verdict expected;
} samples[] = {
    {"ALTER TABLE items ADD COLUMN price INT", ITEMS, ITEMS, OBJECT_BEFORE},
    {"ALTER TABLE items ADD COLUMN price INT", ITEMS, ITEMS_WITH_PRICE, OBJECT_AFTER},
    {"ALTER TABLE items DROP COLUMN `price`", ITEMS_WITH_PRICE, ITEMS, OBJECT_AFTER},
    {"ALTER TABLE items ADD UNIQUE (title)", ITEMS, ITEMS_WITH_KEYS, OBJECT_AFTER},
    {"ALTER TABLE items ADD COLUMN weight INT", ITEMS, ITEMS_WITH_PRICE, OBJECT_OTHER},
    {"CREATE TABLE items (id INT)", "", ITEMS, OBJECT_AFTER},
    {"CREATE TABLE items (id INT)", "", "", OBJECT_BEFORE},
    {"/* gone */ DROP TABLE items", ITEMS, "", OBJECT_AFTER},
    {"DROP TABLE title", ITEMS, ITEMS_WITH_KEYS, OBJECT_OTHER},
    {"DROP INDEX title ON items", ITEMS_WITH_KEYS, ITEMS, OBJECT_AFTER},
    {"ALTER TABLE items ADD COLUMN price INT", ITEMS, "", OBJECT_OTHER},
    {"ALTER TABLE items ADD COLUMN price INT", "", ITEMS, OBJECT_OTHER},
    {"ALTER TABLE items CONVERT TO CHARACTER SET latin1", ITEMS, ITEMS_WITH_KEYS, OBJECT_AFTER},
    {"CREATE INDEX CONCURRENTLY i ON a (b)", "", "CREATE INDEX i ON a (b) INVALID\n", OBJECT_HALF},
    {"DROP INDEX CONCURRENTLY i", "CREATE INDEX i ON a (b)\n", "CREATE INDEX i ON a (b) INVALID\n",
     OBJECT_HALF},
};

static void only_what_the_statement_names_is_its_doing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        enum object_verdict verdict = object_judge(ENGINE_MYSQL, samples[i].before, samples[i].now,
                                                   samples[i].sql, strlen(samples[i].sql));

        if (verdict != samples[i].expected)
            fail_msg("sample %zu: verdict %d, not %d: %s", i, (int)verdict,
                     (int)samples[i].expected, samples[i].sql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_the_statement_names_is_its_doing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
