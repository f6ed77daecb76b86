import { fileURLToPath } from 'node:url';

// protobufjs alone: @grpc/proto-loader on top of it adds 20 ms to every mesh node's start and only lowers types again.
import protobuf from 'protobufjs';

/** One gRPC method: its path on the wire and the codecs of its two messages. */
export interface Method<Request, Response> {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly encode: (request: Request) => Buffer;
  /** Absent fields have proto3's defaults (null for messages), `bytes` are Uint8Array, 64-bit integers are numbers. */
  readonly decode: (bytes: Buffer) => Response;
}

/** Finds a method of a loaded file; the caller vouches for the message types. */
export type FindMethod = <Request, Response>(service: string, method: string) => Method<Request, Response>;

/** Reads one of the .proto files beside this module, with its imports. Takes some 5 ms. */
export function loadProto(file: string): FindMethod {
  const root = new protobuf.Root().loadSync(fileURLToPath(new URL(file, import.meta.url)));
  return (service, method) => {
    const found = root.lookupService(service);
    const { resolvedRequestType: request, resolvedResponseType: response } = found
      .get(method)!
      .resolve() as protobuf.Method;
    if (request === null || response === null) throw new TypeError(`${file}: ${service}.${method} has no messages`);
    return {
      path: `/${found.fullName.slice(1)}/${method}`,
      encode: (message) => request.encode(message as protobuf.Message).finish() as Buffer,
      decode: (bytes) => {
        // A Buffer in would give Buffers out, which look like Uint8Array and yet compare and print differently.
        const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        return response.toObject(response.decode(plain), {
          defaults: true,
          arrays: true,
          objects: true,
          longs: Number,
        }) as never;
      },
    };
  };
}
