import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

/** Runs a script as an operator would, or where psql is not installed as one query; rejects with what was said when it failed. */
export async function psql(url: string, script: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'everfold-psql-'))
  const file = join(folder, 'script.sql')
  try {
    await writeFile(file, script)
    const options = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', file]
    await promisify(execFile)('psql', [...options, url])
  } catch (error) {
    if (!isMissing(error)) throw error
    await runByDriver(url, script)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

async function runByDriver(url: string, script: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(script)
  } finally {
    await client.end()
  }
}
