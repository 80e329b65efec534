/** `npx tsx examples/bank-account/write-statement.ts`: writes statement.csv anew. */
import { writeFileSync } from 'node:fs'
import { generateStatement } from './statement.ts'

writeFileSync(new URL('statement.csv', import.meta.url), generateStatement())
