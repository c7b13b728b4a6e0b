, relations AS (
  SELECT w.n, w.wait, COALESCE(i.indrelid, w.oid) AS oid
  FROM (SELECT n, wait, pg_catalog.to_regclass(name)::oid AS oid FROM wanted) AS w
  LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = w.oid
), held AS (
  SELECT l.pid, l.virtualtransaction
  FROM pg_catalog.pg_locks AS l JOIN relations AS r ON l.relation = r.oid
  WHERE l.locktype = 'relation' AND l.granted AND l.database =
    (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
    AND (r.wait = 'everybody' OR
         (r.wait <> 'none' AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')))
)
SELECT r.n, pg_catalog.pg_table_size(c.oid), pg_catalog.pg_indexes_size(c.oid),
  COALESCE(NULLIF(pg_catalog.pg_tablespace_location(
    COALESCE(NULLIF(c.reltablespace, 0), d.dattablespace)), ''),
    (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'))
FROM relations AS r JOIN pg_catalog.pg_class AS c ON c.oid = r.oid, pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
UNION ALL
SELECT NULL, NULL, NULL, pg_catalog.concat('pid ', a.pid, ', user ', a.usename,
  ', application ' || NULLIF(a.application_name, ''), ' (' || a.state || ')',
  ', in a transaction for ',
  pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start)::bigint, ' s')
FROM pg_catalog.pg_stat_activity AS a, patience
WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
  AND a.backend_type <> 'autovacuum worker'
  AND a.xact_start < pg_catalog.clock_timestamp() - patience.age
  AND (a.pid IN (SELECT pid FROM held) OR (a.backend_xmin IS NOT NULL AND
       EXISTS (SELECT 1 FROM relations WHERE wait = 'snapshots')))
UNION ALL
SELECT NULL, NULL, NULL, pg_catalog.concat('prepared transaction ',
  pg_catalog.quote_literal(p.gid), ' of user ', p.owner, ', prepared ',
  pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.prepared)::bigint,
  ' s ago (end it with COMMIT PREPARED or ROLLBACK PREPARED)')
FROM pg_catalog.pg_prepared_xacts AS p, patience
WHERE p.database = pg_catalog.current_database()
  AND p.prepared < pg_catalog.clock_timestamp() - patience.age
  AND EXISTS (
    SELECT 1 FROM pg_catalog.pg_locks AS x JOIN held AS h
      ON h.virtualtransaction = x.virtualtransaction AND h.pid IS NULL
    WHERE x.pid IS NULL AND x.locktype = 'transactionid' AND x.transactionid = p.transaction)
