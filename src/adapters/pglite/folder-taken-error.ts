import { EverfoldError } from '../../errors.ts'

/** The folder that was to hold a database holds other files, and no database. They were left as they are. */
export class FolderTakenError extends EverfoldError {
  readonly code = 'FOLDER_TAKEN'
  readonly retryable = false
  /** The folder, as an absolute path. */
  readonly folder: string

  constructor(folder: string, files: readonly string[], options?: ErrorOptions) {
    super(
      `'${folder}' holds other files (${files.slice(0, 3).join(', ')}) and no database. Choose a folder of its own.`,
      options,
    )
    this.folder = folder
  }
}
