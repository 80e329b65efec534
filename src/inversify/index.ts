/**
 * Everfold in an inversify container: three tokens and one module.
 *
 * @module
 */
export { everfoldModule, type EverfoldModuleOptions } from './everfold-module.ts'
export { EVENT_STORE, PROJECTION_RUNNER, REPOSITORY } from './tokens.ts'
