export type * as SharedPb from '@eventstore/db-client/generated/shared_pb.js'
export type * as StreamsPb from '@eventstore/db-client/generated/streams_pb.js'
export type * as StreamsV2Pb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_pb.js'
