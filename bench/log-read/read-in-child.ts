import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { serverUrl } from '../postgres/server.ts'

/** Lets a process of its own read the log of a schema once, and tells how many megabytes of memory it had at its peak. */
export async function peakMemoryOf(side: 'ours' | 'floor', schema: string): Promise<number> {
  const child = fileURLToPath(new URL('./child.ts', import.meta.url))
  const env = { ...process.env, POSTGRES_URL: serverUrl() }
  const args = [...process.execArgv, child, side, schema]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env })
  return Number(stdout)
}
