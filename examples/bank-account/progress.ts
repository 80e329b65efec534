import type { WriteStream } from 'node:tty'
import { SingleBar } from 'cli-progress'
import { formatCount } from './money.ts'

const ROWS_PER_LINE = 5000

/** Shows how far an import is. */
export interface Progress {
  rowRead(bytesRead: number): void
  end(): void
}

/** A bar on a terminal, a line every 5,000 rows elsewhere. */
export function showProgress(
  out: WriteStream,
  { bytes, say }: { readonly bytes: number; readonly say: (line: string) => void },
): Progress {
  return out.isTTY ? progressBar(out, bytes) : progressLines(say)
}

function progressBar(out: WriteStream, bytes: number): Progress {
  const bar = new SingleBar({
    stream: out,
    format: 'Importing [{bar}] {percentage}% | {rows} rows | {eta_formatted} left',
    hideCursor: true,
    clearOnComplete: true,
  })
  let rows = 0
  bar.start(bytes, 0, { rows: '0' })
  return {
    rowRead: (bytesRead) => {
      rows++
      bar.update(bytesRead, { rows: formatCount(rows) })
    },
    end: () => {
      bar.stop()
    },
  }
}

function progressLines(say: (line: string) => void): Progress {
  let rows = 0
  return {
    rowRead: () => {
      rows++
      if (rows % ROWS_PER_LINE === 0) say(`  ${formatCount(rows)} rows`)
    },
    end: () => undefined,
  }
}
