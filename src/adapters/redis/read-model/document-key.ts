/** Tells whether a document can be kept under a key: half of a surrogate pair would be sent as U+FFFD, which is another key. */
export function isKey(key: string): boolean {
  return key.isWellFormed()
}
