import { createHash } from 'node:crypto'
import type { Statement } from './database.ts'

/** Makes a statement that is prepared once per connection; its name follows from its text, so that two schemas on one pool never share one. */
export function prepared(text: string): Statement {
  const digest = createHash('sha256').update(text).digest('hex')
  return { text, name: `everfold_${digest.slice(0, 32)}` }
}
