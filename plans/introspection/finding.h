/* finding - what found.c and the readers of each engine's lines share. Pure. */
#ifndef FLEET_PLANS_INTROSPECTION_FINDING_H
#define FLEET_PLANS_INTROSPECTION_FINDING_H

#include "common/name_index.h"
#include "plans/introspection/found.h"
#include "plans/schema/words.h"

/* A table as the lines tell it, before anybody asked whether it is right. */
struct found_table {
    struct table table;
    struct index *indexes;
    size_t index_count;
};

struct finding {
    struct arena *arena;
    enum engine_kind engine;
    struct found_table **tables; /* in the order of the lines */
    size_t table_count;
    struct name_index *by_name;
    struct found *found;
    const char *table; /* what the line at hand is part of, as soon as that is known */
    const char *part;
    const char *line; /* NULL when all lines are read */
};

/* Reads one line: false and the parser's error for what is outside, with the finding's table and
   part filled in. */
typedef bool (*line_function)(struct finding *finding, struct parser *parser);

bool line_read_postgresql(struct finding *finding, struct parser *parser) MUST_USE;
bool line_read_mysql(struct finding *finding, struct parser *parser) MUST_USE;
bool line_read_sqlite(struct finding *finding, struct parser *parser) MUST_USE;

/* NULL if no line told of it as a table. */
struct found_table *finding_table(const struct finding *finding, const char *name);
struct found_table *finding_add_table(struct finding *finding, const char *name);

struct column *finding_add_column(const struct finding *finding, struct found_table *table);
struct constraint *finding_add_constraint(const struct finding *finding, struct found_table *table);
struct index *finding_add_index(const struct finding *finding, struct found_table *table);

void finding_outside(struct finding *finding, const char *table, const char *part,
                     const char *reason);

/* Fails for what the parser stands at, whatever it said of that. */
bool finding_refuse(const struct parser *parser);
bool finding_require_end(const struct parser *parser) MUST_USE;

/* The rest of the line as a constraint of the table, whose name may be NULL. */
bool finding_read_constraint(struct finding *finding, struct parser *parser,
                             struct found_table *table, const char *name) MUST_USE;

/* "(a, b DESC)" of an index. */
bool finding_read_index_columns(struct parser *parser, struct index *index) MUST_USE;

/* A value after DEFAULT, in brackets and with casts or not, for a column whose type is known; NULL
   is none. Takes all of it. */
bool finding_read_default(const struct finding *finding, struct parser *parser,
                          struct column *column) MUST_USE;

#endif
