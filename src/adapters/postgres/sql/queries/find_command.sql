SELECT version, position FROM :"schema".events WHERE stream_id = $1 AND command_id = $2
