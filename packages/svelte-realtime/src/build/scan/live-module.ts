/** What one export of a live module is, as far as its syntax tells. */
export type LiveExport =
	/** `public`: its author says that everybody may call it. */
	| { readonly kind: 'call'; readonly name: string; readonly public?: true }
	/** A procedure that takes bytes, in one frame or in many. */
	| { readonly kind: 'binary' | 'upload'; readonly name: string; readonly public?: true }
	| {
			readonly kind: 'stream';
			readonly name: string;
			readonly dynamic: boolean;
			readonly options: StreamStubOptions;
			/** Whether the topic function takes `ctx` first. */
			readonly topicCtx?: boolean;
			readonly public?: true;
	  }
	| { readonly kind: 'room'; readonly name: string; readonly shape: RoomStub }
	/** Streams of their own, by name. */
	| { readonly kind: 'windows'; readonly name: string; readonly windows: readonly string[] }
	| { readonly kind: 'guard'; readonly name: string }
	/** Runs on the server alone: clients are not told of it. */
	| { readonly kind: 'internal'; readonly name: string };

/** Whether an export is for clients. */
export const isOffered = ({ kind }: LiveExport): boolean => kind !== 'guard' && kind !== 'internal';

/** The options of a stream that are written as literals; the server's reply has the last word. */
export interface StreamStubOptions {
	readonly merge?: string;
	readonly key?: string;
	readonly prepend?: boolean;
	readonly max?: number;
	readonly version?: number;
}

/** What a room has. */
export interface RoomStub extends Pick<StreamStubOptions, 'merge' | 'key'> {
	readonly presence?: true;
	readonly cursors?: true;
	readonly actions?: readonly string[];
}

/** Something about a live module that its author should know. `offset` counts UTF-16 units from the start of the file. */
export interface Finding {
	readonly level: 'warn' | 'error';
	readonly message: string;
	readonly offset: number;
}

/** One live module as the generators need it. */
export interface LiveModule {
	/** Path below the live directory without extension, `/` between segments. */
	readonly path: string;
	/** Absolute file name. */
	readonly file: string;
	readonly exports: readonly LiveExport[];
	readonly findings: readonly Finding[];
}
