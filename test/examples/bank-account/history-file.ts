import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'

export const HEADER = 'date,account_id,transaction_id,type,operation,amount_cents,balance_cents'

/** A folder that is gone when the tests of the file are over. */
export function temporaryFolder(): () => Promise<string> {
  const folders: string[] = []
  afterAll(async () => {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))
  })
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'everfold-example-'))
    folders.push(folder)
    return folder
  }
}

/** Writes bank histories into files that are gone when the tests of the file are over. */
export function historyFiles(): (...lines: readonly string[]) => Promise<string> {
  const newFolder = temporaryFolder()
  return async (...lines) => {
    const file = join(await newFolder(), 'history.csv')
    await writeFile(file, lines.map((line) => `${line}\n`).join(''))
    return file
  }
}
