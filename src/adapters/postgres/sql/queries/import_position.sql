SELECT position FROM :"schema".events WHERE stream_id = $1 AND version = $2
