import { EverfoldError } from '../../../errors.ts'

/** Redis refuses a command, e.g. because the user has no right to it. Nothing is tried again. */
export class RedisRefusedError extends EverfoldError {
  readonly code = 'REDIS_REFUSED'
  readonly retryable = false
  /** The first word of the server's reply, e.g. `'NOPERM'`. */
  readonly reply: string

  constructor(reply: string, options: { readonly cause: Error }) {
    super(
      `Redis refuses a command: ${options.cause.message}. ${remedies[reply] ?? 'Correct what it names, then start the runner again.'}`,
      options,
    )
    this.reply = reply
  }
}

const remedies: Readonly<Record<string, string>> = {
  NOPERM:
    'Give the user the rights that the guide lists, to keys that begin with the prefix and with `{` and the prefix.',
  NOAUTH: 'Give the client a user name and a password.',
  WRONGPASS: 'Give the client the right user name and password.',
}
