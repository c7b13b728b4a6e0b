/*
 * tools - one row per tool that we import from.
 *
 * A row's reader is pure: from the files of a source it makes pieces, each one direction of one
 * migration, and marks the files that it knows. What pieces mean together is common to all tools.
 */
#ifndef FLEET_ORCHESTRATOR_IMPORT_TOOLS_H
#define FLEET_ORCHESTRATOR_IMPORT_TOOLS_H

#include "common/arena.h"
#include "common/diagnostics.h"
#include "common/foreign.h"
#include "orchestrator/import/source.h"

struct piece {
    const char *key;    /* what the tool's history calls the migration */
    const char *number; /* what its version can be made from; mostly the key */
    const char *name;
    int engine;  /* or EVERY_ENGINE; OTHER_ENGINE until it is added */
    size_t rank; /* place in the tool's order, where it keeps one apart from the keys */
    bool repeatable;
    bool down;
    bool no_transaction;
    const char *path; /* of its file, below the source's folder */
    const char *bytes;
    size_t length;
};

struct reading {
    struct arena *arena;
    const char *directory;
    const struct source *source;
    struct diagnostics *notes;
    struct diagnostics *faults;
    struct piece *pieces;
    size_t count;
};

struct import_tool {
    enum foreign_tool kind;
    bool (*recognises)(const struct source *source);
    /* It runs a script outside a transaction where its statements need that, without being told. */
    bool finds_transactionless;
    void (*read)(struct reading *reading);
    /* The order of keys; NULL where ranks give it and keys are equal only if their texts are. */
    int (*compare)(const char *a, const char *b);
    /* A version that its history has before any migration; NULL if none. */
    const char *origin;
    /* A reached version need not be a migration's: all up to it are applied. Needs compare. */
    bool reaches_between;
};

extern const struct import_tool import_dbmate;
extern const struct import_tool import_diesel;
extern const struct import_tool import_flyway;
extern const struct import_tool import_golang_migrate;
extern const struct import_tool import_goose;
extern const struct import_tool import_sqitch;

/* Adds a copy, but notes and leaves out what is for another engine; its texts must live in the
   arena or the source. */
void reading_add(struct reading *reading, const struct piece *piece);
void reading_note(struct reading *reading, const char *path, const char *text);
void reading_fault(struct reading *reading, const char *path, int line, const char *text);

/* Whether any line of any SQL file begins with these words after "--". */
bool source_has_mark(const struct source *source, const char *mark);

/* A comment line of a tool that divides a file, such as "-- +goose Up". */
struct mark {
    const char *line; /* its text after "--" and blanks, not NUL-ended */
    size_t length;
    const char *begin; /* of the line */
    const char *after; /* of the next line */
    int number;        /* of the line, from 1 */
};

/* The next line from *at on that is a comment beginning with the prefix; false at the end. at and
   number move along, and start as the beginning and 1. */
bool mark_next(const struct source_file *file, const char *prefix, const char **at, int *number,
               struct mark *mark);

/* Whether the words of the mark after its prefix begin with this one, in any case. */
bool mark_says(const struct mark *mark, const char *text);

/*
 * Adds a piece for each section of a file, which begin after lines such as "-- PREFIX up" and "--
 * PREFIX down". setting, if it is not NULL, says of such a line whether its section has no
 * transaction. A file without any section is a fault.
 */
void sections_read(struct reading *reading, const struct source_file *file,
                   const struct piece *whole, const char *prefix,
                   bool (*setting)(const struct mark *mark));

/* "VERSION_NAME.sql" of digits and anything, with an engine infix or without; false otherwise. */
bool numbered_name(struct arena *arena, const char *file, struct piece *piece);

#endif
