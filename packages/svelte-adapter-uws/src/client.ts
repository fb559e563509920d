export { nextReconnectDelay } from './client/backoff.ts';
export type { ClientOptions, ConnectOptions } from './client/client.ts';
export type { ClientClock, Environment, Page, SocketEnd, WebSocketLike } from './client/environment.ts';
export { connect, createClient, type WSConnection } from './client/connect.ts';
export { count } from './client/store/count.ts';
export { crud, type CrudOptions } from './client/store/crud.ts';
export { onDerived } from './client/store/derived.ts';
export { latest } from './client/store/latest.ts';
export { lookup } from './client/store/lookup.ts';
export { on } from './client/store/on.ts';
export { once, type OnceOptions } from './client/store/once.ts';
export { onRequest } from './client/store/request.ts';
export type { RequestHandler } from './client/request.ts';
export { denials, failure, ready, status } from './client/store/status.ts';
export type { TopicStore, WSEvent } from './client/store/topic.ts';
export type {
	Client,
	Denial,
	EnvelopeListener,
	Failure,
	FailureClass,
	Readable,
	ServerRequest,
	Status
} from './contract/client.ts';
export type { SubscribeDenialReason } from './contract/hooks.ts';
export { classifyCloseCode, type CloseClass } from './protocol/close-codes.ts';
