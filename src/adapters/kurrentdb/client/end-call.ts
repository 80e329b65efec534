/**
 * Ends a call that is not wanted any more. Ending its iterator alone would leave it open, and after a hundred of them the server takes no more. What has arrived already is
 * taken out of the client all the same: a call that the server has ended keeps its client from being disposed of until somebody has read the last of it.
 *
 * @param cancel tells the server.
 */
export function endCall(
  cancel: () => Promise<void>,
  iterator: AsyncIterator<unknown> | undefined,
): void {
  cancel().catch(ignore)
  if (iterator !== undefined) drain(iterator).catch(ignore)
}

async function drain(iterator: AsyncIterator<unknown>): Promise<void> {
  for (;;) if ((await iterator.next()).done === true) return
}

const ignore = (): void => undefined
