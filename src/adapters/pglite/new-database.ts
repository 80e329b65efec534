/**
 * Options for a database that is made anew. Where `@electric-sql/pglite-prepopulatedfs` is installed, it begins as a copy of the empty database in
 * that package; else PGlite makes one, which takes a second instance: 7 to 9 s and 890 MB at the peak, against 2 s and 390 MB (measured on two cores).
 */
export async function newDatabase(): Promise<{ readonly loadDataDir?: Blob }> {
  try {
    const { dataDir } = await import('@electric-sql/pglite-prepopulatedfs')
    return { loadDataDir: await dataDir() }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    return {}
  }
}
