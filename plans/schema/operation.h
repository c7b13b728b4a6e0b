/*
 * operation - a change of a schema as values: what portable DDL says, before any engine's SQL.
 *
 * Names are as the engines get them: unquoted ones in lower case, 1 to 63 bytes.
 */
#ifndef FLEET_PLANS_SCHEMA_OPERATION_H
#define FLEET_PLANS_SCHEMA_OPERATION_H

#include <stdbool.h>
#include <stddef.h>

#include "common/engine_kind.h"

enum { SCHEMA_NAME_MAX = 63 };

enum type_kind {
    TYPE_SMALLINT,
    TYPE_INTEGER,
    TYPE_BIGINT,
    TYPE_DECIMAL, /* size digits, scale of them after the point */
    TYPE_REAL,
    TYPE_DOUBLE,
    TYPE_BOOLEAN,
    TYPE_CHAR,    /* size characters */
    TYPE_VARCHAR, /* size characters */
    TYPE_TEXT,
    TYPE_BLOB,
    TYPE_DATE,
    TYPE_TIME,
    TYPE_TIMESTAMP,
    TYPE_TIMESTAMP_ZONED,
    TYPE_UUID,
    TYPE_JSON,
    TYPE_KIND_COUNT
};

enum default_kind { DEFAULT_NONE, DEFAULT_LITERAL, DEFAULT_STRING, DEFAULT_CURRENT_TIMESTAMP };

struct column {
    const char *name;
    enum type_kind type;
    int size;
    int scale;
    enum default_kind default_kind;
    const char *default_text; /* of a string what it stands for; of a literal its characters */
    bool not_null;
    bool identity; /* then it is the primary key */
    bool identity_always;
};

enum constraint_kind {
    CONSTRAINT_PRIMARY_KEY,
    CONSTRAINT_UNIQUE,
    CONSTRAINT_FOREIGN_KEY,
    CONSTRAINT_CHECK
};

struct name_list {
    const char **items;
    size_t count;
};

/* What values are, as far as engines agree which of them can meet. */
enum value_class {
    VALUE_UNKNOWN, /* not looked at yet */
    VALUE_WHOLE,
    VALUE_NUMBER,
    VALUE_BOOLEAN,
    VALUE_TEXT,
    VALUE_DATE,
    VALUE_TIME,
    VALUE_TIMESTAMP,
    VALUE_UUID,
    VALUE_OPAQUE /* BLOB, JSON: can be NULL or not, nothing else */
};

enum expression_kind {
    EXPRESSION_COLUMN,
    EXPRESSION_LITERAL,  /* text: a number, "TRUE" or "FALSE" */
    EXPRESSION_STRING,   /* text: what it stands for */
    EXPRESSION_OPERATOR, /* text: "OR" "AND" of two or more operands; "=" "<>" "<" "<=" ">" ">=" "+"
                            "-" "*" "/" "||" of two; "NOT" "-" of one */
    EXPRESSION_IS_NULL,
    EXPRESSION_IN, /* the first operand in the others */
    EXPRESSION_BETWEEN,
    EXPRESSION_LIKE,    /* the second operand is a string; "\" in it takes the next as it is */
    EXPRESSION_FUNCTION /* text: "LENGTH" "LOWER" "UPPER" "ABS" of one operand, "COALESCE" */
};

struct expression {
    enum expression_kind kind;
    enum value_class class; /* the model tells */
    bool negated;           /* IS NOT NULL, NOT IN, NOT BETWEEN, NOT LIKE */
    const char *text;
    size_t column; /* its place among the columns of the constraint, so that renames reach it */
    struct expression *operands;
    size_t count;
};

struct constraint {
    enum constraint_kind kind;
    const char *name;         /* NULL: of a primary key the engine names it, of others the model */
    bool derived;             /* the model did */
    struct name_list columns; /* of a CHECK those that it mentions, each once */
    struct expression *check;
    const char *other_table; /* of a foreign key */
    struct name_list other_columns;
    const char *on_delete; /* "CASCADE" …, or NULL */
    const char *on_update;
};

struct table {
    const char *name;
    struct column *columns;
    size_t column_count;
    struct constraint *constraints;
    size_t constraint_count;
};

struct index {
    const char *name;
    const char *table;
    bool unique;
    struct name_list columns;
    bool *descending; /* for each column */
};

enum operation_kind {
    OPERATION_CREATE_TABLE,
    OPERATION_DROP_TABLE,
    OPERATION_RENAME_TABLE,
    OPERATION_ADD_COLUMN,
    OPERATION_DROP_COLUMN,
    OPERATION_RENAME_COLUMN,
    OPERATION_CREATE_INDEX,
    OPERATION_DROP_INDEX,
    OPERATION_ADD_CONSTRAINT,
    OPERATION_DROP_CONSTRAINT,
    OPERATION_ALTER_COLUMN,
    OPERATION_BLOCK,
    OPERATION_KIND_COUNT
};

enum alteration { ALTER_TYPE, ALTER_DEFAULT, ALTER_NOT_NULL };

/* A table around an operation, for engines that say a change by the whole table. The model tells;
   before and after are NULL if it does not know the table. */
struct surroundings {
    const struct table *before;
    const struct table *after;
    const struct index *indexes; /* of the table afterwards */
    size_t index_count;
};

/* A statement in an engine's own SQL, of which the model knows nothing. */
struct block {
    enum engine_kind engine;
    const char *sql;
    const char *undo; /* NULL if there is no way back */
};

struct operation {
    enum operation_kind kind;
    int line;             /* of the file, from 1 */
    const char *table;    /* that it is about; NULL for a block, and for a dropped index until the
                             model told */
    const char *name;     /* of the column, index or constraint that goes or is changed */
    const char *new_name; /* of what is renamed */
    struct table created; /* CREATE TABLE */
    struct column column; /* ADD COLUMN; ALTER COLUMN: what it says, and all of it when the model
                             told */
    enum alteration alteration;
    struct index index;           /* CREATE INDEX */
    struct constraint constraint; /* ADD CONSTRAINT; of a dropped one when the model told */
    struct surroundings around;
    struct block block;
};

struct change {
    const char *header; /* what stands before the first statement: comments and directives */
    size_t header_length;
    struct operation *operations;
    size_t count;
};

#endif
