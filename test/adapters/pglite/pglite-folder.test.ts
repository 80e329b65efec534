import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { PGlite } from '@electric-sql/pglite'
import { DatabaseInUseError, FolderTakenError, pglite } from '../../../src/adapters/pglite/index.ts'

let root: string
let folder: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'everfold-pglite-'))
  folder = join(root, 'not', 'yet', 'there')
})
afterAll(() => rm(root, { recursive: true }))

describe('pglite(folder)', () => {
  test('makes the folder, and finds its data there again', async () => {
    const database = await pglite(folder)
    await database.script('CREATE TABLE kept AS SELECT 42 AS answer')
    await database.close()

    await using reopened = await pglite(folder)
    const rows = await reopened.query({ text: 'SELECT answer FROM kept' })

    expect(rows).toEqual([['42']])
  })

  test('refuses a folder that this process has opened, by any path to it', async () => {
    await using database = await pglite(folder)

    const second = pglite(join(folder, '..', 'there'))

    await expect(second).rejects.toThrow(DatabaseInUseError)
    await expect(second).rejects.toMatchObject({ owner: { pid: process.pid } })
    expect(await database.query({ text: 'SELECT 1' })).toEqual([['1']])
  })

  test('gives the folder free when it is closed', async () => {
    const database = await pglite(folder)

    await database.close()

    expect((await readdir(folder)).filter((name) => name.startsWith('everfold'))).toEqual([])
  })

  test('opens a database that PGlite itself has made', async () => {
    const own = join(root, 'own')
    const client = await PGlite.create(own)
    await client.exec('CREATE TABLE kept AS SELECT 43 AS answer')
    await client.close()

    await using database = await pglite(own)
    const rows = await database.query({ text: 'SELECT answer FROM kept' })

    expect(rows).toEqual([['43']])
  })

  test('makes a database anew whose creation was cut short', async () => {
    const cut = join(root, 'cut')
    await mkdir(join(cut, 'base'), { recursive: true })
    await writeFile(join(cut, 'PG_VERSION'), '18\n')
    await writeFile(join(cut, 'everfold.creating'), '')

    await using database = await pglite(cut)

    expect(await database.query({ text: 'SELECT 2' })).toEqual([['2']])
    expect(await readdir(cut)).not.toContain('everfold.creating')
  })

  test('refuses a folder with other files, leaves them alone, and does not keep it', async () => {
    const documents = join(root, 'documents')
    await mkdir(documents)
    await writeFile(join(documents, 'letter.txt'), 'Dear Ada')

    const opening = pglite(documents)

    await expect(opening).rejects.toThrow(FolderTakenError)
    await expect(opening).rejects.toMatchObject({ code: 'FOLDER_TAKEN', folder: documents })
    await expect(opening).rejects.toThrow(/holds other files \(letter\.txt\)/)
    expect(await readdir(documents)).toEqual(['letter.txt'])
  })
})
