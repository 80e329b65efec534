import { ContainerModule } from 'inversify'
import type { EventStore } from '../event-store/event-store.ts'
import { ProjectionRunner } from '../projections/projection-runner.ts'
import type { ProjectionRunnerOptions } from '../projections/runner-options.ts'
import { Repository, type RepositoryOptions } from '../aggregates/repository.ts'
import { EVENT_STORE, PROJECTION_RUNNER, REPOSITORY } from './tokens.ts'

export interface EverfoldModuleOptions
  extends Omit<ProjectionRunnerOptions, 'store' | 'projections'>, Omit<RepositoryOptions, 'store'> {
  /** Default: what the application binds to `EVENT_STORE` itself, e.g. to build it of other bindings. */
  readonly store?: EventStore | undefined
  /** Default: none. */
  readonly projections?: ProjectionRunnerOptions['projections'] | undefined
}

/**
 * Binds `EVENT_STORE`, `REPOSITORY` and `PROJECTION_RUNNER`, each once per container. Whoever starts the runner stops it.
 *
 * ```ts
 * const container = new Container()
 * container.load(everfoldModule({ store, projections: [project(accountBalances).into(balances)] }))
 * const repository = container.get(REPOSITORY)
 * ```
 */
export function everfoldModule(options: EverfoldModuleOptions = {}): ContainerModule {
  const { store, projections = [], ...rest } = options
  return new ContainerModule(({ bind }) => {
    if (store !== undefined) bind(EVENT_STORE).toConstantValue(store)
    bind(REPOSITORY)
      .toResolvedValue(
        (resolved: EventStore) => new Repository({ store: resolved, ...rest }),
        [EVENT_STORE],
      )
      .inSingletonScope()
    bind(PROJECTION_RUNNER)
      .toResolvedValue(
        (resolved: EventStore) => new ProjectionRunner({ store: resolved, projections, ...rest }),
        [EVENT_STORE],
      )
      .inSingletonScope()
  })
}
