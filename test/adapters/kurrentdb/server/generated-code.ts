import { createRequire } from 'node:module'
import type * as grpc from '@grpc/grpc-js'
import type * as EmptyPb from 'google-protobuf/google/protobuf/empty_pb.js'
import type * as AnyPb from 'google-protobuf/google/protobuf/any_pb.js'
import type * as CodePb from '@eventstore/db-client/generated/code_pb.js'
import type * as FeaturesPb from '@eventstore/db-client/generated/serverfeatures_pb.js'
import type * as SharedPb from '@eventstore/db-client/generated/shared_pb.js'
import type * as StatusPb from '@eventstore/db-client/generated/status_pb.js'
import type * as StreamsPb from '@eventstore/db-client/generated/streams_pb.js'
import type * as ErrorsV2Pb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/errors_pb.js'
import type * as StreamsV2Pb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_pb.js'

/** The two clients. They cannot share a process: facts 1, the code that both generated registers under the same global names. */
export type ClientPackage = '@eventstore/db-client' | '@kurrent/kurrentdb-client'

/** What the server uses of the code that a client package carries: messages and service definitions, the same v1 protocol in both. */
export interface GeneratedCode {
  readonly grpc: typeof grpc
  readonly streams: typeof StreamsPb
  readonly shared: typeof SharedPb
  readonly features: typeof FeaturesPb
  readonly status: typeof StatusPb
  readonly codes: typeof CodePb
  readonly empty: typeof EmptyPb
  readonly any: typeof AnyPb
  readonly services: {
    readonly streams: grpc.ServiceDefinition
    readonly features: grpc.ServiceDefinition
  }
  /** Only one of the clients knows it. */
  readonly second: SecondVersion | undefined
}

/** The second version of the protocol (facts 2.6). */
export interface SecondVersion {
  readonly streams: typeof StreamsV2Pb
  readonly errors: typeof ErrorsV2Pb
  readonly service: grpc.ServiceDefinition
}

/** Loads the generated code of one package: the server has to speak through the same as the client beside it (facts 5). */
export function loadGeneratedCode(clientPackage: ClientPackage): GeneratedCode {
  const require = createRequire(import.meta.url)
  const folder = `${clientPackage}/generated${clientPackage === '@eventstore/db-client' ? '' : '/kurrentdb/protocols/v1'}`
  const load = (path: string): unknown => require(path)
  const services = load(`${folder}/streams_grpc_pb`) as { StreamsService: grpc.ServiceDefinition }
  const features = load(`${folder}/serverfeatures_grpc_pb`) as {
    ServerFeaturesService: grpc.ServiceDefinition
  }
  return {
    grpc: load('@grpc/grpc-js') as typeof grpc,
    streams: load(`${folder}/streams_pb`) as typeof StreamsPb,
    shared: load(`${folder}/shared_pb`) as typeof SharedPb,
    features: load(`${folder}/serverfeatures_pb`) as typeof FeaturesPb,
    status: load(`${folder}/status_pb`) as typeof StatusPb,
    codes: load(`${folder}/code_pb`) as typeof CodePb,
    empty: load('google-protobuf/google/protobuf/empty_pb.js') as typeof EmptyPb,
    any: load('google-protobuf/google/protobuf/any_pb.js') as typeof AnyPb,
    services: { streams: services.StreamsService, features: features.ServerFeaturesService },
    second: clientPackage === '@kurrent/kurrentdb-client' ? loadSecond(load) : undefined,
  }
}

function loadSecond(load: (path: string) => unknown): SecondVersion {
  const folder = '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams'
  const services = load(`${folder}/streams_grpc_pb`) as {
    StreamsServiceService: grpc.ServiceDefinition
  }
  return {
    streams: load(`${folder}/streams_pb`) as typeof StreamsV2Pb,
    errors: load(`${folder}/errors_pb`) as typeof ErrorsV2Pb,
    service: services.StreamsServiceService,
  }
}
