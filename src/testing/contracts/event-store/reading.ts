import type { RecordedEvent } from '../../../index.ts'

/** All pages of a read that ends. */
export async function pagesOf<Page>(pages: AsyncIterable<Page>): Promise<readonly Page[]> {
  const all: Page[] = []
  for await (const page of pages) all.push(page)
  return all
}

/** All events of a read that ends. */
export async function eventsOf(
  pages: AsyncIterable<{ readonly events: readonly RecordedEvent[] }>,
): Promise<readonly RecordedEvent[]> {
  return (await pagesOf(pages)).flatMap(({ events }) => events)
}

/** The first events of a read that may not end; then leaves it. */
export async function takeEvents(
  pages: AsyncIterable<{ readonly events: readonly RecordedEvent[] }>,
  count: number,
): Promise<readonly RecordedEvent[]> {
  const taken: RecordedEvent[] = []
  for await (const { events } of pages) {
    taken.push(...events)
    if (taken.length >= count) break
  }
  return taken
}

export const versionsOf = (events: readonly RecordedEvent[]): readonly number[] =>
  events.map(({ version }) => version)

export const idsOf = (
  events: readonly { readonly id?: string | undefined }[],
): readonly (string | undefined)[] => events.map(({ id }) => id)

/** `first`, ..., `last`, up or down. */
export const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: Math.abs(last - first) + 1 }, (_, index) =>
    first <= last ? first + index : first - index,
  )
