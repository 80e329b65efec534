SELECT 1 FROM :"schema".events WHERE position = $1 AND id::text = $2
