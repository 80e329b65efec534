/** A Postgres array of texts, numbers as texts too. */
export function arrayOf(texts: readonly string[]): string {
  let list = ''
  for (const text of texts) list += `${list === '' ? '' : ','}"${escape(text)}"`
  return `{${list}}`
}

function escape(text: string): string {
  return text.includes('"') || text.includes('\\') ? text.replace(/["\\]/g, '\\$&') : text
}
