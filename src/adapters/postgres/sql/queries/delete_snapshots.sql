DELETE FROM :"schema".snapshots WHERE stream_id = $1 AND ($2::integer IS NULL OR version = $2)
