import { EverfoldError } from '../../../errors.ts'

/** The KurrentDB server could not be reached, said nothing for too long, or is not ready yet. Nothing was written. */
export class KurrentUnavailableError extends EverfoldError {
  readonly code = 'KURRENT_UNAVAILABLE'
  readonly retryable = true

  constructor(options: { readonly cause: Error }) {
    const { message } = options.cause
    super(`The KurrentDB server cannot be reached: ${message}. ${remedyOf(message)}`, options)
  }
}

function remedyOf(message: string): string {
  if (/wrong version number|EPROTO|SSL|TLS|secure|socket hang up/i.test(message))
    return 'One side speaks TLS and the other does not: set tls=false in the connection string for an insecure server, leave it out for a secure one.'
  if (/certificate|self.signed|UNABLE_TO_VERIFY/i.test(message))
    return "The server's certificate is not trusted: name its authority with tlsCaFile in the connection string."
  if (/ENOTFOUND|EAI_AGAIN|name resolution/i.test(message))
    return 'No such host is known: check the host in the connection string.'
  if (/leader/i.test(message))
    return 'Another server is to lead the cluster: try again. If it stays so, check that this machine reaches each server by the name that the cluster gives it.'
  return 'This call wrote nothing: try again. If it stays so, check host, port and tls=true or tls=false in the connection string.'
}
