import { LiveError } from '../shared/error.ts';
import { MAX_BATCH } from '../shared/rpc-frame.ts';
import { isRequest, type Batch, type Untrusted } from './parse.ts';
import { errorReply, replyFrame } from './reply.ts';
import type { Cancellable } from './scope.ts';
import { isThenable } from '../shared/thenable.ts';

type Answer = (request: Untrusted) => string | Promise<string>;

// Made once, as those of single requests.
export const CANCELLED: Readonly<LiveError> = new LiveError('CANCELLED');
export const TOO_LONG: Readonly<LiveError> = new LiveError('INVALID_REQUEST', `A batch holds at most ${MAX_BATCH} calls.`);
const INCOMPLETE: Readonly<LiveError> = new LiveError('INVALID_REQUEST', 'A batch entry needs a path and an id.');

/** The replies of a batch, in the order of its entries; a promise only when something in it makes one. */
export function answerBatch(
	{ entries, sequential }: Batch,
	requests: Set<Cancellable>,
	answer: Answer
): string[] | Promise<string[]> {
	const run = (entry: unknown): string | Promise<string> => answerEntry(entry, answer);
	if (sequential) return inOrder(entries, requests, run);
	const replies = entries.map(run);
	return replies.some(isThenable) ? Promise.all(replies) : (replies as string[]);
}

/** Gives the answer of each entry to `send` as soon as there is one, so that a slow one holds up no other. */
export function answerEach({ entries }: Batch, answer: Answer, send: (frame: string) => void): void {
	for (const entry of entries) {
		const reply = answerEntry(entry, answer);
		const told = (text: string): void => send(replyFrame(idOf(entry), text));
		if (isThenable(reply)) void reply.then(told);
		else told(reply);
	}
}

function answerEntry(entry: unknown, answer: Answer): string | Promise<string> {
	return isRequest(entry) && typeof entry.id === 'string' ? answer(entry) : refuse(entry, INCOMPLETE);
}

/** What a batch hears that is too long: each entry that can be answered is, or else one that cannot. */
export function refuseBatch({ entries }: Batch): string[] {
	const named = entries.filter((entry) => typeof (entry as Untrusted | null)?.id === 'string');
	return (named.length > 0 ? named : [null]).map((entry) => refuse(entry, TOO_LONG));
}

/** Those that are cancelled before their turn do not begin. */
async function inOrder(
	entries: readonly unknown[],
	requests: Set<Cancellable>,
	run: (entry: unknown) => string | Promise<string>
): Promise<string[]> {
	const cancelled = new Set<Cancellable>();
	const waiting = entries.map((entry) => {
		const place: Cancellable = { id: idOf(entry), cancel: () => void cancelled.add(place) };
		requests.add(place);
		return place;
	});
	const replies: string[] = [];
	for (const [i, place] of waiting.entries()) {
		requests.delete(place);
		replies.push(cancelled.has(place) ? refuse(entries[i], CANCELLED) : await run(entries[i]));
	}
	return replies;
}

/** `''` where there is none. */
function idOf(entry: unknown): string {
	const id = typeof entry === 'object' && entry !== null ? (entry as { readonly id?: unknown }).id : undefined;
	return typeof id === 'string' ? id : '';
}

function refuse(entry: unknown, why: LiveError): string {
	return errorReply(idOf(entry), why);
}
