const CORE =
  '^src/(event-store|aggregates|projections|snapshots|upcasters|errors\\.ts$|index\\.ts$)'
const CORE_PACKAGES = 'uuid|lru-cache|cockatiel|@standard-schema/spec|@opentelemetry/api'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Type-only imports count: a cycle of types is a cycle for the reader.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'core-stays-inside',
      comment: 'Arrows point one way: adapters, inversify, testing and cli reach the core.',
      severity: 'error',
      from: { path: CORE },
      to: { path: '^src/(adapters|inversify|cli|console|testing)/', reachable: true },
    },
    {
      name: 'core-imports-few-packages',
      comment: `The core imports Node built-ins and ${CORE_PACKAGES} only.`,
      severity: 'error',
      from: { path: CORE },
      to: {
        dependencyTypesNot: ['core', 'local'],
        pathNot: `^src/|^node_modules/(${CORE_PACKAGES})/`,
      },
    },
    {
      name: 'adapters-are-strangers',
      severity: 'error',
      from: { path: '^src/adapters/([^/]+)/', pathNot: '^src/adapters/pglite/' },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/$1/' },
    },
    {
      name: 'pglite-may-use-postgres-only',
      severity: 'error',
      from: { path: '^src/adapters/pglite/' },
      to: { path: '^src/adapters/', pathNot: '^src/adapters/(pglite|postgres)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
}
