/** Where the library reports what happens in the background. */
export interface Logger {
  debug(message: string, facts?: object): void
  info(message: string, facts?: object): void
  warn(message: string, facts?: object): void
  error(message: string, facts?: object): void
}

/** Used when none is injected: what went wrong becomes a warning of the process, so that it is not lost. */
export const warningLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message) => {
    process.emitWarning(message, 'EverfoldWarning')
  },
  error: (message) => {
    process.emitWarning(message, 'EverfoldWarning')
  },
}
