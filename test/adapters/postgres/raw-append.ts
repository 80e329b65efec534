import { randomUUID } from 'node:crypto'

/** Appends events by the SQL function, in whatever transaction the client is in, to test what the store does about it. Gives their ids. */
export async function rawAppend(
  client: { query(text: string, values: unknown[]): Promise<unknown> },
  {
    schema,
    stream,
    count = 1,
  }: { readonly schema: string; readonly stream: string; readonly count?: number },
): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, () => randomUUID())
  for (const id of ids)
    await client.query(
      `SELECT * FROM ${schema}.append_event(0, $1, 0, 2147483647, NULL, $2, 'MoneyDeposited', 1::smallint, '{"cents":1}', '{}', NULL)`,
      [stream, id],
    )
  return ids
}
