import { createHash } from 'node:crypto'

/** A Lua script. It changes nothing before it has looked at all that it will change: what follows cannot fail. */
export interface Script {
  readonly text: string
  /** By it the server finds the script: SHA-1 in hexadecimal digits. */
  readonly digest: string
}

export function scriptOf(text: string): Script {
  return { text, digest: createHash('sha1').update(text).digest('hex') }
}
