import { fileURLToPath } from 'node:url'

/** Absolute path of the repository. */
export const repository: string = fileURLToPath(new URL('..', import.meta.url))

/** Absolute path of something in the repository. */
export const inRepository = (path: string): string =>
  fileURLToPath(new URL(`../${path}`, import.meta.url))
