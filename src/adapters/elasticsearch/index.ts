/**
 * Read models in Elasticsearch 8 and 9, with `@elastic/elasticsearch`.
 *
 * @module
 */
export { BuildMappingsError } from './builds/build-mappings-error.ts'
export { IndexReplacedError } from './builds/index-replaced-error.ts'
export { IndexTakenError } from './builds/index-taken-error.ts'
export { DocumentUnfitError } from './documents/document-unfit-error.ts'
export { FieldRefusedError } from './documents/field-refused-error.ts'
export {
  ElasticsearchReadModel,
  type ElasticsearchReadModelOptions,
  type ElasticsearchWaitOptions,
} from './elasticsearch-read-model.ts'
export type { IndexMappings } from './builds/build-index.ts'
export type { IndexSettings } from './builds/index-settings.ts'
export type { ElasticsearchClient } from './server/elasticsearch-client.ts'
export { ElasticsearchForbiddenError } from './server/elasticsearch-forbidden-error.ts'
export { ElasticsearchRefusedError } from './server/elasticsearch-refused-error.ts'
export { ElasticsearchUnavailableError } from './server/elasticsearch-unavailable-error.ts'
export { ElasticsearchVersionError } from './server/elasticsearch-version-error.ts'
export { IndexBlockedError } from './server/index-blocked-error.ts'
