SELECT :"schema".safe_position()
