SELECT status, version, positions, extract(epoch FROM recorded_at)
FROM :"schema".append_all($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ORDER BY append
