/** About how many characters the JSON text of a value has: in a tenth of the time that the text takes. */
export function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 8
  let characters = 2
  if (Array.isArray(value)) for (const each of value) characters += charactersOf(each) + 1
  else
    for (const key in value)
      characters += key.length + 4 + charactersOf((value as Record<string, unknown>)[key])
  return characters
}
