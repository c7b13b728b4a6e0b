#include "agents/statement_class.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/scope.h"

static const char *const names[] = {
    [CLASS_SESSION] = "session",     [CLASS_RERUNNABLE] = "rerunnable", [CLASS_DATA] = "data",
    [CLASS_PROBEABLE] = "probeable", [CLASS_OPAQUE] = "opaque",
};

static const struct {
    const char *word;
    enum statement_class statement_class;
} first_words[] = {
    {"use", CLASS_SESSION},        {"pragma", CLASS_SESSION},     {"prepare", CLASS_SESSION},
    {"deallocate", CLASS_SESSION}, {"reset", CLASS_SESSION},      {"attach", CLASS_SESSION},
    {"detach", CLASS_SESSION},     {"show", CLASS_SESSION},       {"lock", CLASS_SESSION},
    {"unlock", CLASS_SESSION},     {"grant", CLASS_RERUNNABLE},   {"revoke", CLASS_RERUNNABLE},
    {"analyze", CLASS_RERUNNABLE}, {"vacuum", CLASS_RERUNNABLE},  {"optimize", CLASS_RERUNNABLE},
    {"flush", CLASS_RERUNNABLE},   {"comment", CLASS_RERUNNABLE}, {"reindex", CLASS_RERUNNABLE},
    {"insert", CLASS_DATA},        {"update", CLASS_DATA},        {"delete", CLASS_DATA},
    {"replace", CLASS_DATA},       {"select", CLASS_DATA},        {"with", CLASS_DATA},
    {"values", CLASS_DATA},        {"alter", CLASS_PROBEABLE},
};

static bool starts(const char *at, const char *end, const char *text)
{
    size_t length = strlen(text);

    return (size_t)(end - at) >= length && memcmp(at, text, length) == 0;
}

static const char *after(const char *at, const char *end, const char *mark)
{
    const char *found = memmem(at, (size_t)(end - at), mark, strlen(mark));

    return found != NULL ? found + strlen(mark) : end;
}

/* To the first word; an executable comment is entered, another one skipped. */
static const char *first_word(const char *at, const char *end)
{
    while (at < end) {
        if (isspace((unsigned char)*at) || *at == '(') {
            at++;
        } else if (starts(at, end, "/*!") || starts(at, end, "/*M!")) {
            at = after(at, end, "!");
            while (at < end && isdigit((unsigned char)*at))
                at++;
        } else if (starts(at, end, "*/")) {
            at += 2;
        } else if (starts(at, end, "/*")) {
            at = after(at + 2, end, "*/");
        } else if (starts(at, end, "--") || *at == '#') {
            at = after(at, end, "\n");
        } else {
            break;
        }
    }
    return at;
}

/* Steps over the next word if it is this one. */
static bool take_word(const char **at, const char *end, const char *word)
{
    const char *begin = first_word(*at, end);
    size_t length = strlen(word);

    if ((size_t)(end - begin) < length || strncasecmp(begin, word, length) != 0 ||
        (begin + length < end && (isalnum((unsigned char)begin[length]) || begin[length] == '_')))
        return false;
    *at = begin + length;
    return true;
}

static bool takes_one_of(const char *at, const char *end, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (take_word(&at, end, words[i]))
            return true;
    return false;
}

/* MariaDB's SET STATEMENT name = value, … FOR statement. */
static enum statement_class class_behind_for(const char *at, const char *end)
{
    for (; at < end; at++) {
        const char *behind = at + 1;

        if (*at == '\'' || *at == '"')
            at = after(at + 1, end, *at == '"' ? "\"" : "'") - 1;
        else if (isspace((unsigned char)*at) && take_word(&behind, end, "for"))
            return statement_class_of(behind, (size_t)(end - behind));
    }
    return CLASS_OPAQUE;
}

/* What SET changes beyond the session it may change again. */
static enum statement_class class_of_set(const char *at, const char *end)
{
    static const char *const lasting[] = {
        "global",   "persist",   "persist_only",   "password",
        "@@global", "@@persist", "@@persist_only", "default",
    };

    if (take_word(&at, end, "statement"))
        return class_behind_for(at, end);
    return takes_one_of(at, end, lasting, COUNT_OF(lasting)) ? CLASS_RERUNNABLE : CLASS_SESSION;
}

/* A table that MariaDB has dropped is not there again when making the new one fails. */
static enum statement_class class_of_create(const char *at, const char *end)
{
    bool replaces = take_word(&at, end, "or") && take_word(&at, end, "replace");

    (void)take_word(&at, end, "temporary");
    return replaces && take_word(&at, end, "table") ? CLASS_OPAQUE : CLASS_PROBEABLE;
}

/* MySQL drops a database table by table. */
static enum statement_class class_of_drop(const char *at, const char *end)
{
    static const char *const many[] = {"database", "schema"};
    bool several = memchr(at, ',', (size_t)(end - at)) != NULL;

    return several || takes_one_of(at, end, many, COUNT_OF(many)) ? CLASS_OPAQUE : CLASS_PROBEABLE;
}

/* Words whose class the next ones decide. */
static const struct {
    const char *word;
    enum statement_class (*class_of)(const char *at, const char *end);
} deciders[] = {
    {"set", class_of_set},
    {"create", class_of_create},
    {"drop", class_of_drop},
};

enum statement_class statement_class_of(const char *sql, size_t length)
{
    const char *end = sql + length;
    const char *first = first_word(sql, end);

    for (size_t i = 0; i < COUNT_OF(deciders); i++) {
        const char *at = first;

        if (take_word(&at, end, deciders[i].word))
            return deciders[i].class_of(at, end);
    }
    for (size_t i = 0; i < COUNT_OF(first_words); i++) {
        const char *at = first;

        if (take_word(&at, end, first_words[i].word))
            return first_words[i].statement_class;
    }
    return CLASS_OPAQUE;
}

const char *statement_class_name(enum statement_class statement_class)
{
    assert((unsigned)statement_class < COUNT_OF(names));
    return names[statement_class];
}
