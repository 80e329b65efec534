SELECT position, id FROM :"schema".events WHERE position <= $1 ORDER BY position DESC LIMIT 1
