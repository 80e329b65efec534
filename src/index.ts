/**
 * Everfold: event sourcing and CQRS. Event stores and read models come from the adapters, e.g. `everfold/pglite`.
 *
 * @module
 */
export { EverfoldError } from './errors.ts'

export { defineAggregate, type Aggregate, type CommandOf } from './aggregates/aggregate.ts'
export type { SnapshotAudit, SnapshotDrift } from './aggregates/audit.ts'
export type { AggregateMoment } from './aggregates/moment.ts'
export {
  Repository,
  type ExecuteOptions,
  type Executed,
  type Loaded,
  type RepositoryOptions,
} from './aggregates/repository.ts'
export { VersionNotReachedError } from './aggregates/version-not-reached-error.ts'

export { AppendRacedError } from './event-store/append-raced-error.ts'
export type { AppendOptions, AppendResult, StreamAppend } from './event-store/append.ts'
export type { Checkpoint } from './event-store/checkpoint.ts'
export { CommandRepeatedError } from './event-store/command-repeated-error.ts'
export { createEventStore, type EventStoreOptions } from './event-store/create-event-store.ts'
export type { DomainEvent, EventMetadata } from './event-store/domain-event.ts'
export { defineEvents } from './event-store/event-catalog.ts'
export type {
  AnyEventCatalog,
  CatalogOptions,
  EventCatalog,
  EventDefinitions,
  EventsOf,
  PartOf,
  RecordedOf,
} from './event-store/event-catalog.ts'
export { EventDataRefusedError } from './event-store/event-data-refused-error.ts'
export { event, type EventDefinition, type UpcastSteps } from './event-store/event-definition.ts'
export type {
  CallOptions,
  CommandOutcome,
  EventReader,
  LogPage,
  ReadAllOptions,
  ReadStreamOptions,
  StreamPage,
  StreamsOptions,
  SubscribeOptions,
} from './event-store/event-reader.ts'
export type {
  AppendVerdict,
  EventStorage,
  EventStorageCapabilities,
  LogRange,
  StorageAppend,
  StoredLogPage,
  StreamRange,
} from './event-store/event-storage.ts'
export type { EventStore } from './event-store/event-store.ts'
export type { EventWriter } from './event-store/event-writer.ts'
export type { ExpectedVersion } from './event-store/expected-version.ts'
export { globalPosition, type GlobalPosition } from './event-store/global-position.ts'
export { InvalidEventError } from './event-store/invalid-event-error.ts'
export { InvalidStreamIdError } from './event-store/invalid-stream-id-error.ts'
export { InvalidVersionError } from './event-store/invalid-version-error.ts'
export type { JsonValue } from './event-store/json-value.ts'
export { NewerSchemaVersionError } from './event-store/newer-schema-version-error.ts'
export { NotJsonError } from './event-store/not-json-error.ts'
export { OutcomeUnknownError } from './event-store/outcome-unknown-error.ts'
export type { RecordedEvent } from './event-store/recorded-event.ts'
export { StoreRewoundError } from './event-store/store-rewound-error.ts'
export type { EventToStore, StoredEvent } from './event-store/stored-event.ts'
export {
  categoryOf,
  idOf,
  parseStreamId,
  streamId,
  type StreamId,
} from './event-store/stream-id.ts'
export { partOf, type StreamPartition } from './event-store/stream-partition.ts'
export type { TimeMoment } from './event-store/time-moment.ts'
export { UnknownEventTypeError } from './event-store/unknown-event-type-error.ts'
export { UpcastFailedError } from './event-store/upcast-failed-error.ts'
export { WrongExpectedVersionError } from './event-store/wrong-expected-version-error.ts'

export { asOf, type AsOfOptions, type LogMoment } from './projections/as-of.ts'
export { BuildMismatchError } from './projections/builds/build-mismatch-error.ts'
export type { Build, BuildsRecord } from './projections/builds/build.ts'
export { BuildNotPreparedError } from './projections/builds/build-not-prepared-error.ts'
export { BuildVerificationError } from './projections/builds/build-verification-error.ts'
export type { Difference } from './projections/builds/build-verification.ts'
export { createReadModel } from './projections/create-read-model.ts'
export { DocumentRefusedError } from './projections/folding/document-refused-error.ts'
export { LaneTakenError } from './projections/lanes/lane-taken-error.ts'
export type { Logger } from './projections/logger.ts'
export { defineProjection, type Projection } from './projections/projection.ts'
export { project } from './projections/project.ts'
export type { Placement, Registration } from './projections/registration.ts'
export { react, type ReactionPlacement } from './projections/reactions/react.ts'
export {
  defineReaction,
  type Reaction,
  type ReactionContext,
  type ReactionStart,
} from './projections/reactions/reaction.ts'
export { createCheckpoints, type Checkpoints } from './projections/reactions/checkpoints.ts'
export { ReactionFailedError } from './projections/reactions/reaction-failed-error.ts'
export { ProjectionFailedError } from './projections/folding/projection-failed-error.ts'
export { ProjectionRunner } from './projections/projection-runner.ts'
export type { ProjectionRunnerOptions } from './projections/runner-options.ts'
export type {
  Interruptible,
  ProjectionOperations,
  SwitchingOptions,
} from './projections/projection-operations.ts'
export type { LaneStatus, ProjectionStatus } from './projections/projection-status.ts'
export type { ProjectionState } from './projections/task-progress.ts'
export type { ParkedEntry } from './projections/parked-keys.ts'
export type { RunnerEvents, RunnerListener } from './projections/runner-events.ts'
export type { ReadModel, WaitOptions } from './projections/read-model.ts'
export type {
  ClaimedLane,
  Discard,
  DocumentAt,
  DocumentChanges,
  DocumentWrite,
  LaneChanges,
  LaneRecord,
  LaneRequest,
  LaneStall,
  LaneStep,
  Member,
  ParkedEvent,
  ReadModelStorage,
  UnparkedEvent,
} from './projections/read-model-storage.ts'
export { DiscardRefusedError } from './projections/discard-refused-error.ts'
export { ProjectionPausedError } from './projections/projection-paused-error.ts'
export { RebuildConflictError } from './projections/builds/rebuild-conflict-error.ts'
export type { RebuildReport } from './projections/builds/rebuild.ts'
export type { SwitchReport } from './projections/builds/switch-build.ts'
export { SwitchRefusedError } from './projections/builds/switch-refused-error.ts'
export type { VerificationReport } from './projections/builds/verify.ts'
export type { OnFailure } from './projections/folding/fold.ts'
export { LaneStalledError } from './projections/lanes/lane-stalled-error.ts'
export { StopDeadlineError } from './projections/stop-deadline-error.ts'
export { WaitTimeoutError } from './projections/wait-timeout-error.ts'

export {
  everyEvents,
  or,
  whenState,
  type SnapshotOccasion,
  type SnapshotPolicy,
} from './snapshots/snapshot-policy.ts'
export type { SnapshotCounts } from './snapshots/snapshot-reports.ts'
export { SnapshotStateError } from './snapshots/snapshot-state-error.ts'
export type { SnapshotBounds, SnapshotStore } from './snapshots/snapshot-store.ts'
export type { Snapshot } from './snapshots/snapshot.ts'
export type { SnapshotSettings } from './snapshots/snapshotted.ts'

export { drop } from './upcasters/retired-event.ts'
export type { Drop, EventPart, RetiredStep, Retirement } from './upcasters/retired-event.ts'
export type { UpcastContext } from './upcasters/upcaster-chain.ts'
