-- The contents of a database, a line for each table: its number of rows, and a checksum that the
-- order of rows does not change. Then what a restore builds at its end.
SET bytea_output = hex;
SET datestyle = iso;
SET extra_float_digits = 1;
SET intervalstyle = postgres;
SET timezone = utc;
SELECT format(
    'SELECT %L, count(*), coalesce(sum((''x'' || left(md5(t::text), 15))::bit(60)::bigint), 0) FROM %s t',
    oid::regclass, oid::regclass)
FROM pg_class
WHERE relkind = 'r' AND oid >= 16384
ORDER BY oid::regclass::text COLLATE "C"
\gexec
SELECT 'constraints', count(*) FROM pg_constraint WHERE conrelid >= 16384;
SELECT 'indexes', count(*) FROM pg_index WHERE indrelid >= 16384 AND indisvalid;
