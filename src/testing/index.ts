/**
 * What tests of code on Everfold use: the contract that every adapter keeps, for any test runner.
 *
 * @module
 */
export { contract } from './contracts/contract.ts'
export type { ContractSubject, Rule, TestRunner } from './contracts/contract.ts'
export { checkpointsContract } from './contracts/checkpoints-contract.ts'
export { eventStoreContract } from './contracts/event-store-contract.ts'
export type { EventStoreSubject } from './contracts/event-store-contract.ts'
export type { AggregateOutcome, AggregateScenario } from './aggregate-scenario.ts'
export { given } from './given.ts'
export { inStream, type ProjectionScenario, type StreamEvents } from './projection-scenario.ts'
export type { ContractDocument } from './contracts/read-model/contract-document.ts'
export type { ReadModelSubject } from './contracts/read-model/contract-model.ts'
export { readModelContract } from './contracts/read-model-contract.ts'
export { upcasterGate, type UpcasterGateOptions } from './upcaster-gate.ts'
export { snapshotStoreContract } from './contracts/snapshot-store-contract.ts'
