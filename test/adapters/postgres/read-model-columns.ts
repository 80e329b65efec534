import {
  bigint,
  boolean,
  double,
  json,
  nullable,
  optional,
  text,
  type ColumnsOf,
} from '../../../src/adapters/postgres/index.ts'
import type { ContractDocument } from '../../../src/testing/contracts/read-model/contract-document.ts'

/** Typed columns for the documents of the contract. */
export const contractColumns: ColumnsOf<ContractDocument> = {
  title: text,
  count: bigint,
  ratio: double,
  isOpen: boolean,
  lines: json(),
  note: nullable(text),
  hint: optional(text),
}
