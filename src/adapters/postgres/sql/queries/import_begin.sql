-- Announced before positions are drawn. An import waits for a stream that somebody's open transaction holds no longer than this at a time, as it
-- holds streams, and the head of the log, itself. The start tells one server from another.
SELECT :"schema".announce_append(NULL), set_config('lock_timeout', '1000', true),
  extract(epoch FROM date_trunc('milliseconds', clock_timestamp())), pg_postmaster_start_time()
