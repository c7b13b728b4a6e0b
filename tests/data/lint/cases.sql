--> index-not-concurrent postgresql hit
CREATE UNIQUE INDEX ON public.orders (id);
--> index-not-concurrent postgresql miss
CREATE INDEX CONCURRENTLY orders_day ON orders (day);
--> index-not-concurrent postgresql miss
CREATE TABLE orders (id bigint PRIMARY KEY, day date);
CREATE INDEX orders_day ON "orders" (day);
--> drop-index-not-concurrent postgresql hit
DROP INDEX IF EXISTS orders_day;
--> drop-index-not-concurrent postgresql miss
DROP INDEX CONCURRENTLY orders_day;
--> reindex-not-concurrent postgresql hit
REINDEX TABLE orders;
--> reindex-not-concurrent postgresql miss
REINDEX INDEX CONCURRENTLY orders_day;
--> refresh-not-concurrent postgresql hit
REFRESH MATERIALIZED VIEW totals;
--> refresh-not-concurrent postgresql miss
REFRESH MATERIALIZED VIEW CONCURRENTLY totals;
--> detach-not-concurrent postgresql hit
ALTER TABLE orders DETACH PARTITION orders_2020;
--> detach-not-concurrent postgresql miss
ALTER TABLE orders DETACH PARTITION orders_2020 CONCURRENTLY;
--> rewrites-whole-table postgresql hit
VACUUM (VERBOSE, FULL) orders;
--> rewrites-whole-table postgresql hit
ALTER TABLE orders SET TABLESPACE fast;
--> rewrites-whole-table postgresql miss
VACUUM (VERBOSE) orders;
--> copies-table mysql hit
ALTER TABLE orders CONVERT TO CHARACTER SET utf8mb4;
--> copies-table mysql hit
ALTER TABLE orders ADD COLUMN a INT, ALGORITHM = COPY;
--> copies-table mysql miss
ALTER TABLE orders ADD COLUMN a INT, ALGORITHM=INSTANT;
--> asks-for-lock postgresql hit
LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;
--> asks-for-lock postgresql miss
SELECT 'LOCK TABLE orders';
--> asks-for-lock mysql hit
ALTER TABLE orders ADD COLUMN a INT, LOCK=EXCLUSIVE;
--> asks-for-lock mysql miss
ALTER TABLE orders ADD COLUMN a INT, LOCK=NONE;
--> constraint-builds-index postgresql hit
ALTER TABLE orders ADD CONSTRAINT orders_code UNIQUE (code);
--> constraint-builds-index postgresql miss
ALTER TABLE orders ADD CONSTRAINT orders_code UNIQUE USING INDEX orders_code;
--> unique-on-existing-rows mysql hit
ALTER TABLE orders ADD UNIQUE KEY code (code);
--> unique-on-existing-rows mysql miss
ALTER TABLE orders ADD KEY code (code);
--> unique-on-existing-rows sqlite hit
CREATE UNIQUE INDEX orders_code ON orders (code);
--> unique-on-existing-rows sqlite miss
CREATE TABLE orders (code TEXT);
CREATE UNIQUE INDEX orders_code ON orders (code);
--> exclusion-constraint postgresql hit
ALTER TABLE stays ADD CONSTRAINT one_at_a_time EXCLUDE USING gist (room WITH =, during WITH &&);
--> exclusion-constraint postgresql miss
CREATE TABLE stays (room int, EXCLUDE USING gist (room WITH =));
--> foreign-key-validates postgresql hit
ALTER TABLE ONLY orders ADD CONSTRAINT c FOREIGN KEY (customer) REFERENCES customers (id);
--> foreign-key-validates postgresql miss
ALTER TABLE orders ADD CONSTRAINT c FOREIGN KEY (customer) REFERENCES customers (id) NOT VALID;
--> foreign-key-copies mysql hit
ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers (id);
--> foreign-key-copies mysql miss
ALTER TABLE orders DROP FOREIGN KEY c;
--> check-validates postgresql hit
ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0);
--> check-validates postgresql miss
ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0) NOT VALID;
--> check-validates mysql hit
ALTER TABLE orders ADD CHECK (total > 0);
--> check-validates mysql miss
CREATE TABLE orders (total INT, CHECK (total > 0));
--> domain-constraint postgresql hit
ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0);
--> domain-constraint postgresql miss
ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID;
--> set-not-null postgresql hit
ALTER TABLE orders ALTER total SET NOT NULL;
--> set-not-null postgresql miss
ALTER TABLE orders ALTER total SET DEFAULT 0;
--> drop-not-null postgresql hit
ALTER TABLE orders ALTER COLUMN total DROP NOT NULL;
--> drop-not-null postgresql miss
ALTER TABLE orders ALTER COLUMN total DROP DEFAULT;
--> added-not-null postgresql hit
ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text NOT NULL;
--> added-not-null postgresql miss
ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT '';
--> added-not-null postgresql miss
ALTER TABLE orders ADD CONSTRAINT c CHECK (note IS NOT NULL);
--> added-not-null postgresql miss
ALTER TABLE orders ADD note boolean DEFAULT FALSE NOT NULL;
--> added-not-null mysql hit
ALTER TABLE orders ADD note TEXT NOT NULL AFTER id;
--> added-not-null mysql miss
ALTER TABLE orders ADD note VARCHAR(10) NOT NULL DEFAULT 'x';
--> added-not-null sqlite hit
ALTER TABLE orders ADD note TEXT NOT NULL;
--> added-not-null sqlite miss
ALTER TABLE orders ADD note TEXT;
--> added-volatile-default postgresql hit
ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();
--> added-volatile-default postgresql hit
ALTER TABLE orders ADD number bigserial;
--> added-volatile-default postgresql miss
ALTER TABLE orders ADD COLUMN made timestamptz DEFAULT now();
--> added-stored-column mysql hit
ALTER TABLE orders ADD COLUMN gross INT AS (net * 2) STORED;
--> added-stored-column mysql miss
ALTER TABLE orders ADD COLUMN gross INT AS (net * 2) VIRTUAL;
--> type-change postgresql hit
ALTER TABLE orders ALTER COLUMN id SET DATA TYPE bigint;
--> type-change postgresql miss
ALTER TABLE orders ALTER COLUMN id SET STATISTICS 100;
--> type-change mysql hit
ALTER TABLE orders MODIFY COLUMN id BIGINT;
--> type-change mysql miss
ALTER TABLE orders ALTER COLUMN id SET DEFAULT 1;
--> rename postgresql hit
ALTER TABLE orders RENAME COLUMN note TO remark;
--> rename postgresql miss
ALTER TABLE orders RENAME CONSTRAINT a TO b;
--> rename mysql hit
RENAME TABLE orders TO purchases;
--> rename mysql miss
ALTER TABLE orders RENAME INDEX a TO b;
--> rename sqlite hit
ALTER TABLE orders RENAME TO purchases;
--> rename sqlite miss
CREATE TABLE new_orders (id INTEGER PRIMARY KEY);
ALTER TABLE new_orders RENAME TO newer_orders;
--> rename sqlite miss
ALTER TABLE orders RENAME TO old_orders;
CREATE TABLE orders (id INTEGER PRIMARY KEY);
DROP TABLE old_orders;
--> drop-table sqlite miss
CREATE TABLE new_orders (id INTEGER PRIMARY KEY);
DROP TABLE orders;
ALTER TABLE new_orders RENAME TO orders;
--> drop-column postgresql hit
ALTER TABLE orders DROP note;
--> drop-column postgresql miss
ALTER TABLE orders DROP CONSTRAINT c;
--> drop-column mysql hit
ALTER TABLE orders DROP COLUMN note;
--> drop-column mysql miss
ALTER TABLE orders DROP PRIMARY KEY;
--> drop-column sqlite hit
ALTER TABLE orders DROP COLUMN note;
--> drop-column sqlite miss
ALTER TABLE orders RENAME COLUMN note TO "drop column";
--> drop-table postgresql hit
DROP TABLE IF EXISTS orders;
--> drop-table postgresql miss
CREATE TEMP TABLE helper (id int PRIMARY KEY);
DROP TABLE helper;
--> drop-table mysql hit
DROP TABLE `orders`;
--> drop-table mysql miss
DROP VIEW orders;
--> drop-table sqlite hit
DROP TABLE orders;
--> drop-table sqlite miss
DROP INDEX orders;
--> drop-schema postgresql hit
DROP SCHEMA shop;
--> drop-schema postgresql miss
DROP SEQUENCE shop;
--> drop-schema mysql hit
DROP DATABASE shop;
--> drop-schema mysql miss
DROP PROCEDURE shop;
--> drop-schema sqlite hit
DROP DATABASE shop;
--> drop-schema sqlite miss
DROP TRIGGER database;
--> drop-cascade postgresql hit
TRUNCATE orders CASCADE;
--> drop-cascade postgresql miss
TRUNCATE orders RESTRICT;
--> drop-constraint postgresql hit
ALTER TABLE orders DROP CONSTRAINT c;
--> drop-constraint postgresql miss
ALTER TABLE orders DROP COLUMN c;
--> drop-constraint mysql hit
ALTER TABLE orders DROP FOREIGN KEY c;
--> drop-constraint mysql miss
ALTER TABLE orders DROP INDEX c;
--> drop-constraint sqlite hit
ALTER TABLE orders DROP CONSTRAINT c;
--> drop-constraint sqlite miss
ALTER TABLE orders DROP COLUMN c;
--> changes-every-row postgresql hit
UPDATE orders SET note = '' ;
--> changes-every-row postgresql miss
UPDATE orders SET note = '' WHERE id < 1000;
--> changes-every-row mysql hit
DELETE FROM orders;
--> changes-every-row mysql miss
DELETE FROM orders LIMIT 1000;
--> changes-every-row sqlite hit
UPDATE orders SET note = (SELECT max(name) FROM notes WHERE notes.id = orders.id);
--> changes-every-row sqlite miss
CREATE TABLE copy (id INTEGER PRIMARY KEY, note TEXT);
INSERT INTO copy SELECT id, note FROM orders;
UPDATE copy SET note = 'x';
--> enum-value-unplaced postgresql hit
ALTER TYPE mood ADD VALUE 'calm';
--> enum-value-unplaced postgresql miss
ALTER TYPE mood ADD VALUE 'calm' BEFORE 'sad';
--> foreign-keys-pragma sqlite hit
PRAGMA foreign_keys = OFF;
--> foreign-keys-pragma sqlite miss
PRAGMA foreign_key_check;
--> vacuum-file sqlite hit
VACUUM;
--> vacuum-file sqlite miss
SELECT 'VACUUM';
--> no-primary-key postgresql hit
CREATE TABLE orders (id bigint, note text);
--> no-primary-key postgresql miss
CREATE TABLE orders (id bigint, CONSTRAINT k PRIMARY KEY (id));
--> no-primary-key mysql hit
CREATE TABLE `primary` (id BIGINT);
--> no-primary-key mysql miss
CREATE TABLE orders LIKE others;
--> drop-table sqlite hit
DROP TABLE IF EXISTS notes;
CREATE TABLE notes (id INTEGER PRIMARY KEY);
--> drop-table mysql miss
CREATE TABLE o_new (id INT PRIMARY KEY);
DROP TABLE o;
RENAME TABLE o_new TO o;
--> added-not-null mysql hit
ALTER TABLE orders ADD COLUMN (a INT, b INT NOT NULL);
--> added-not-null mysql miss
ALTER TABLE orders ADD COLUMN (a INT NOT NULL DEFAULT 1, b INT);
--> replace-table mysql hit
CREATE OR REPLACE TABLE o (id INT PRIMARY KEY);
--> replace-table mysql miss
CREATE OR REPLACE VIEW o AS SELECT 1;
--> added-expression sqlite hit
ALTER TABLE orders ADD COLUMN seen TEXT DEFAULT CURRENT_TIMESTAMP;
--> added-expression sqlite hit
ALTER TABLE orders ADD COLUMN seen TEXT DEFAULT (date('now'));
--> added-expression sqlite miss
ALTER TABLE orders ADD COLUMN seen TEXT DEFAULT 'never';
--> foreign-key-validates postgresql hit
ALTER TABLE orders ADD COLUMN u bigint REFERENCES users (id);
--> foreign-key-validates postgresql miss
ALTER TABLE orders ADD COLUMN u bigint;
--> drop-partition mysql hit
ALTER TABLE orders DROP PARTITION p1;
--> drop-partition mysql miss
ALTER TABLE orders EXCHANGE PARTITION p1 WITH TABLE kept;
--> index-not-concurrent postgresql miss
CREATE MATERIALIZED VIEW totals AS SELECT 1 AS a;
CREATE INDEX totals_a ON totals (a);
--> index-not-concurrent postgresql miss
CREATE TABLE public.f (id bigint PRIMARY KEY);
CREATE INDEX f_id ON f (id);
--> drop-index-not-concurrent postgresql miss
CREATE TABLE f (id bigint PRIMARY KEY);
CREATE INDEX i ON f (id);
DROP INDEX i;
--> constraint-builds-index postgresql hit
ALTER TABLE orders ADD COLUMN code text CONSTRAINT orders_code UNIQUE;
--> constraint-builds-index postgresql miss
ALTER TABLE orders ADD COLUMN code text;
--> foreign-key-locks-other postgresql hit
CREATE TABLE mails (id bigint PRIMARY KEY, reader bigint, CONSTRAINT mails_reader FOREIGN KEY (reader) REFERENCES readers (id));
--> foreign-key-locks-other postgresql miss
CREATE TABLE readers (id bigint PRIMARY KEY);
CREATE TABLE mails (id bigint PRIMARY KEY, reader bigint REFERENCES readers);
--> domain-with-check postgresql hit
CREATE DOMAIN share AS integer CHECK (VALUE BETWEEN 0 AND 100);
--> domain-with-check postgresql miss
CREATE DOMAIN share AS integer;
--> small-key postgresql hit
CREATE TABLE posts (id serial NOT NULL PRIMARY KEY);
--> small-key postgresql hit
CREATE TABLE posts (title text, id int PRIMARY KEY);
--> small-key postgresql miss
CREATE TABLE posts (id bigint PRIMARY KEY, size int NOT NULL);
--> char-type postgresql hit
CREATE TABLE people (id bigint PRIMARY KEY, name char(100) NOT NULL);
--> char-type postgresql hit
ALTER TABLE people ADD letter character;
--> char-type postgresql miss
CREATE TABLE people (id bigint PRIMARY KEY, char varchar(100), name character varying(100) NOT NULL);
--> long-name postgresql hit
CREATE TABLE a_name_that_goes_on_and_on_and_on_and_on_and_on_until_it_is_cut_off (a bigint PRIMARY KEY);
--> long-name postgresql hit
CREATE TABLE a (a_name_that_goes_on_and_on_and_on_and_on_and_on_until_it_is_cut_off bigint PRIMARY KEY);
--> long-name postgresql miss
CREATE TABLE a (b text PRIMARY KEY DEFAULT 'a text that goes on and on and on and on and on and on and on and on');
--> serial-column postgresql hit
CREATE TABLE app.people (name text, id bigserial PRIMARY KEY);
--> serial-column postgresql miss
CREATE TABLE app.people (name text, id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);
--> timestamp-without-zone postgresql hit
CREATE TABLE app.people (id bigint PRIMARY KEY, seen timestamp without time zone);
--> timestamp-without-zone postgresql hit
ALTER TABLE app.people ALTER COLUMN seen TYPE timestamp;
--> timestamp-without-zone postgresql miss
CREATE TABLE app.people (id bigint PRIMARY KEY, seen timestamp with time zone, gone timestamptz);
--> varchar-limit postgresql hit
CREATE TABLE people (id bigint PRIMARY KEY, mail varchar(100) NOT NULL);
--> varchar-limit postgresql miss
CREATE TABLE people (id bigint PRIMARY KEY, mail varchar NOT NULL, seal bytea);
--> rewrites-whole-table postgresql hit
CLUSTER orders USING orders_pkey;
--> drop-cascade postgresql hit
TRUNCATE orders CASCADE;
--> foreign-key-validates postgresql hit
ALTER TABLE "mail" ADD CONSTRAINT "reader" FOREIGN KEY ("reader_id") REFERENCES "user" ("id");
--> added-volatile-default postgresql hit
ALTER TABLE "dish" ADD COLUMN "sum" integer GENERATED ALWAYS as ("a" + "b") STORED;
--> constraint-builds-index postgresql hit
ALTER TABLE account ADD PRIMARY KEY (id);
