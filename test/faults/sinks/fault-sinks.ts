import { elasticsearchSink } from './elasticsearch-sink.ts'
import type { FaultSink, SinkName } from './fault-sink.ts'
import { postgresSink } from './postgres-sink.ts'
import { redisSink } from './redis-sink.ts'

/** All that the fault suites plug in. */
export const FAULT_SINKS: Readonly<Record<SinkName, FaultSink>> = {
  postgres: postgresSink,
  redis: redisSink,
  elasticsearch: elasticsearchSink,
}
