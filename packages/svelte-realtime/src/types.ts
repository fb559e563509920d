import type { RpcCall, StreamStore } from './client.ts';
import type { Call, Stream } from './define/definition.ts';
import type { LoadOptions } from './ssr.ts';
