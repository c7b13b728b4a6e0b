/*
 * floor - the least that one migration on many databases can cost: a held connection for each, and
 * BEGIN, ALTER, INSERT of the version, COMMIT, eight databases at a time. No history, no checks.
 *
 *   floor ENGINE COLUMN < urls      prints the seconds for the connections, eight at a time as
 * well, and those between the first and the last statement
 *
 * ENGINE is sqlite (a path a line), postgresql (a conninfo a line) or mysql (socket, user and
 * database separated by tabs).
 */
#include <libpq-fe.h>
#include <mysql.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORKERS = 8, MOST = 10000, LINE = 1024 };

/* One engine: connect to a line of the input, run one statement. */
struct driver {
    const char *name;
    void *(*connect)(char *line);
    bool (*run)(void *connection, const char *sql);
};

static void *connect_sqlite(char *line)
{
    sqlite3 *handle = NULL;

    if (sqlite3_open(line, &handle) != SQLITE_OK)
        return NULL;
    return handle;
}

static bool run_sqlite(void *connection, const char *sql)
{
    return sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static void *connect_postgresql(char *line)
{
    PGconn *connection = PQconnectdb(line);

    return PQstatus(connection) == CONNECTION_OK ? connection : NULL;
}

static bool run_postgresql(void *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;

    PQclear(result);
    return ok;
}

static void *connect_mysql(char *line)
{
    char *rest = NULL;
    const char *socket_path = strtok_r(line, "\t", &rest);
    const char *user = strtok_r(NULL, "\t", &rest);
    const char *database = strtok_r(NULL, "\t", &rest);
    MYSQL *connection = mysql_init(NULL);

    return mysql_real_connect(connection, NULL, user, NULL, database, 0, socket_path, 0);
}

static bool run_mysql(void *connection, const char *sql)
{
    return mysql_query(connection, sql) == 0;
}

static const struct driver drivers[] = {
    {"sqlite", connect_sqlite, run_sqlite},
    {"postgresql", connect_postgresql, run_postgresql},
    {"mysql", connect_mysql, run_mysql},
};

struct work {
    const struct driver *driver;
    char (*lines)[LINE];
    void **connections;
    size_t count;
    size_t next; /* under the lock, as failed */
    pthread_mutex_t lock;
    char statements[4][256];
    bool failed;
};

static bool take(struct work *work, size_t *index)
{
    pthread_mutex_lock(&work->lock);
    *index = work->next++;
    pthread_mutex_unlock(&work->lock);
    return *index < work->count;
}

static void note_failure(struct work *work)
{
    pthread_mutex_lock(&work->lock);
    work->failed = true;
    pthread_mutex_unlock(&work->lock);
}

static void *connect_some(void *context)
{
    struct work *work = context;
    size_t index;

    while (take(work, &index)) {
        work->connections[index] = work->driver->connect(work->lines[index]);
        if (work->connections[index] == NULL)
            note_failure(work);
    }
    return NULL;
}

static void *migrate_some(void *context)
{
    struct work *work = context;
    size_t index;

    while (take(work, &index))
        for (int i = 0; i < 4; i++)
            if (!work->driver->run(work->connections[index], work->statements[i]))
                note_failure(work);
    return NULL;
}

static void read_lines(struct work *work)
{
    work->lines = calloc(MOST, sizeof *work->lines);
    work->connections = calloc(MOST, sizeof *work->connections);
    while (work->lines != NULL && work->count < MOST &&
           fgets(work->lines[work->count], LINE, stdin) != NULL) {
        char *line = work->lines[work->count++];

        line[strcspn(line, "\n")] = '\0';
    }
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The seconds that the workers take together; ends the process when one fails. */
static double spread(struct work *work, void *(*part)(void *))
{
    pthread_t threads[WORKERS];
    double began = now();

    work->next = 0;
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, part, work);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    if (!work->failed)
        return now() - began;
    fputs("floor: a connection or a statement failed\n", stderr);
    exit(1);
}

int main(int argc, char **argv)
{
    struct work work = {.lock = PTHREAD_MUTEX_INITIALIZER};

    for (size_t i = 0; argc == 3 && i < sizeof drivers / sizeof drivers[0]; i++)
        if (strcmp(drivers[i].name, argv[1]) == 0)
            work.driver = &drivers[i];
    if (work.driver == NULL) {
        fputs("usage: floor sqlite|postgresql|mysql COLUMN < databases\n", stderr);
        return 2;
    }
    snprintf(work.statements[0], sizeof work.statements[0], "BEGIN");
    snprintf(work.statements[1], sizeof work.statements[1],
             "ALTER TABLE item ADD COLUMN %s INTEGER", argv[2]);
    snprintf(work.statements[2], sizeof work.statements[2],
             "INSERT INTO floor_version VALUES ('%s')", argv[2]);
    snprintf(work.statements[3], sizeof work.statements[3], "COMMIT");
    read_lines(&work);
    double connecting = spread(&work, connect_some);
    printf("%.6f %.6f\n", connecting, spread(&work, migrate_some));
    return 0;
}
