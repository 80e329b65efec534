import type { ServiceIdentifier } from 'inversify'
import type { Repository } from '../aggregates/repository.ts'
import type { EventStore } from '../event-store/event-store.ts'
import type { ProjectionRunner } from '../projections/projection-runner.ts'

/** Registered symbols, so that two copies of the package in one tree mean the same bindings. */
export const EVENT_STORE: ServiceIdentifier<EventStore> = Symbol.for('everfold.EventStore')
export const REPOSITORY: ServiceIdentifier<Repository> = Symbol.for('everfold.Repository')
export const PROJECTION_RUNNER: ServiceIdentifier<ProjectionRunner> = Symbol.for(
  'everfold.ProjectionRunner',
)
